import DriverProtocol

/// An app's template, or one inside it, as it is written. A value that oned would not read back unchanged is refused.
/// Names are put in capitals.
package struct AppTemplate {
    package typealias Bytes = UnsafeBufferPointer<UInt8>

    /// Most of the recorded apps' templates are smaller.
    private static let room = 4096

    private var writer: TemplateWriter
    private var vector: String?

    /// - Parameter quotesAreEscaped: whether quotation marks in values may already have the backslash before them that
    ///   oned's syntax requires.
    package init(quotesAreEscaped: Bool = false) {
        writer = TemplateWriter(room: Self.room, quotesAreEscaped: quotesAreEscaped)
    }

    var bytes: ArraySlice<UInt8> { writer.bytes }

    // MARK: Attributes

    /// Appends an attribute, or a pair of the vector that has been begun. The value must be UTF-8.
    package mutating func append(_ name: Bytes, _ value: Bytes) throws(AppReport.Unusable) {
        guard writer.append(name, value) else { throw unusable(name, value) }
    }

    package mutating func append(_ name: StaticString, _ value: Bytes) throws(AppReport.Unusable) {
        try append(name.bytes, value)
    }

    package mutating func append(_ name: StaticString, _ value: String) throws(AppReport.Unusable) {
        var value = value
        let problem = value.withUTF8 { value in
            writer.append(name.bytes, value) ? nil : unusable(name.bytes, value)
        }
        if let problem { throw problem }
    }

    /// Appends the attribute if it has a value.
    package mutating func append(_ name: StaticString, optional value: String?) throws(AppReport.Unusable) {
        if let value { try append(name, value) }
    }

    /// Appends a template within the template, unless it is empty.
    package mutating func append(_ name: StaticString, encoded inner: AppTemplate) {
        if !inner.bytes.isEmpty { append(name, encoded: inner.bytes) }
    }

    /// Appends an attribute that has `content` as base64.
    package mutating func append(_ name: StaticString, encoded content: some Collection<UInt8>) {
        let text = Base64.encode(content)
        _ = text.withUnsafeBufferPointer { writer.append(name.bytes, $0) }
    }

    package mutating func beginVector(_ name: Bytes) {
        vector = String(decoding: name, as: UTF8.self)
        writer.beginVector(name)
    }

    package mutating func beginVector(_ name: StaticString) {
        beginVector(name.bytes)
    }

    /// Ends the vector. One without a pair is removed.
    package mutating func endVector() {
        vector = nil
        writer.endVector(keepsEmpty: false)
    }

    private func unusable(_ name: Bytes, _ value: Bytes) -> AppReport.Unusable {
        let text = String(decoding: value, as: UTF8.self)
        let reason =
            text.hasSuffix("\\")
            ? "ends in a backslash" : text.contains("]]>") ? "has ]]> in it" : "has a control character in it"
        let path = (vector.map { $0 + "/" } ?? "") + String(decoding: name, as: UTF8.self)
        return AppReport.Unusable("its \(path.uppercased()) \(reason), which a template of OpenNebula cannot hold")
    }
}

extension StaticString {
    /// The text in UTF-8.
    package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
