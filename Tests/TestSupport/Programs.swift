import Foundation
import Posix

/// The executables that the package builds.
package enum Programs {
    /// The folder of the executables: that of the test bundle, which is mapped into this process.
    package static let directory: String = {
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        let bundle = maps.split(separator: "\n").compactMap { line in
            line.firstIndex(of: "/").map { String(line[$0...]) }
        }.first { $0.hasSuffix(".xctest") }
        guard let bundle else { fatalError("the test bundle cannot be found") }
        return URL(filePath: bundle).deletingLastPathComponent().path
    }()

    package static func path(_ name: String) -> String { directory + "/" + name }

    /// The command that runs an action: `market-http-import` is `market/http/import`.
    package static func action(_ name: String) -> [String] {
        [path("market-drivers"), name.replacing("-", with: "/")]
    }

    /// The script that runs an action, for an installation of one_market's.
    package static func launcher(_ name: String) -> String {
        let words = action(name).map { "'\($0)'" }.joined(separator: " ")
        return "exec \(words) \"$@\" # message on stdin\n"
    }
}

/// The result of a program: its exit status, and its output.
package struct Outcome: Sendable {
    package let status: ExitStatus
    package let output: String
    package let errors: String

    package init(status: ExitStatus, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    /// The lines on standard error that the driver manager would show the user: those without a level.
    package var reasons: [String] {
        errors.split(separator: "\n").map(String.init).filter { line in
            !["ERROR:", "INFO:", "WARN:", "DEBUG:"].contains { line.hasPrefix($0) }
        }
    }
}

/// Runs a program to its end.
@discardableResult
package func run(
    _ arguments: [String], input: some Sequence<UInt8> = [], environment: [String: String] = [:], timeout: Double = 120
) throws -> Outcome {
    let setting = environment.isEmpty ? [] : ["env"] + environment.map { "\($0)=\($1)" }
    let result = try Command(setting + arguments).run(input: Array(input), outputLimit: 256 << 20, timeout: timeout)
    return Outcome(
        status: result.status, output: String(decoding: result.output, as: UTF8.self), errors: result.errors)
}
