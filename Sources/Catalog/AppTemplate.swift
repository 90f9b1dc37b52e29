import DriverProtocol

/// An app's template, or one that lies within it, as it is written. A value is refused where oned would not read it back
/// as it was sent.
public struct AppTemplate {
    /// Most of the recorded apps' templates have less.
    private static let room = 4096

    private var writer: TemplateWriter
    private var vector: String?

    /// - Parameter quotesAreEscaped: whether quotation marks in values may have the backslash before them that oned's
    ///   syntax wants there.
    public init(quotesAreEscaped: Bool = false) {
        writer = TemplateWriter(room: Self.room, quotesAreEscaped: quotesAreEscaped)
    }

    var bytes: [UInt8] { writer.bytes }

    public var isEmpty: Bool { writer.bytes.isEmpty }

    /// Appends an attribute, or a pair of the vector that has been begun. The name must be in capitals.
    public mutating func append(_ name: String, _ value: String) throws(AppReport.Unusable) {
        guard writer.append(name, value) else { throw unusable(name, value) }
    }

    /// As ``append(_:_:)-(_,String)``, for a value in UTF-8.
    public mutating func append(_ name: String, _ value: UnsafeBufferPointer<UInt8>) throws(AppReport.Unusable) {
        guard writer.append(name, value) else { throw unusable(name, String(decoding: value, as: UTF8.self)) }
    }

    /// Appends the attribute where there is a value.
    public mutating func append(_ name: String, optional value: String?) throws(AppReport.Unusable) {
        if let value { try append(name, value) }
    }

    /// Appends a template within the template, unless it is empty.
    public mutating func append(_ name: String, encoded inner: AppTemplate) {
        if !inner.isEmpty { append(name, encoded: inner.bytes) }
    }

    /// Appends an attribute that has `content` as base64.
    public mutating func append(_ name: String, encoded content: some Collection<UInt8>) {
        writer.append(name, base64: content)
    }

    public mutating func beginVector(_ name: String) {
        vector = name
        writer.beginVector(name)
    }

    public mutating func endVector() {
        vector = nil
        writer.endVector()
    }

    private func unusable(_ name: String, _ value: String) -> AppReport.Unusable {
        let reason =
            value.hasSuffix("\\")
            ? "ends in a backslash" : value.contains("]]>") ? "has ]]> in it" : "has a control character in it"
        let path = vector.map { "\($0)/\(name)" } ?? name
        return AppReport.Unusable("its \(path) \(reason), which a template of OpenNebula cannot hold")
    }
}
