import DriverProtocol
import Testing

/// The apps of a catalog monitor's report, which must have no other line.
package func apps(ofReport report: String) throws -> [Template] {
    try report.split(separator: "\n").map { line in
        guard line.hasPrefix("APP=\""), line.hasSuffix("\""),
            let bytes = Base64.decode(Array(line.dropFirst(5).dropLast().utf8))
        else { throw NoApp(line: String(line)) }
        return try Template(parsing: String(decoding: bytes, as: UTF8.self))
    }
}

/// A line of a report that is none.
package struct NoApp: Error {
    package let line: String
}

extension Template {
    /// Returns the text that lies in an attribute in base64; empty if there is none.
    package func decoded(_ name: String) throws -> String {
        let bytes = try #require(Base64.decode(Array((self[name] ?? "").utf8)))
        return try #require(String(validating: bytes, as: UTF8.self))
    }

    /// Returns the template that lies in an attribute in base64.
    package func inner(_ name: String) throws -> Template {
        try Template(parsing: decoded(name))
    }
}
