import XML

/// The reply of `datastore/*/export`: the place and the kind of the image for `market/*/import`.
package struct ImportInfo {
    /// The elements' names, which the driver manager hands on to `import`.
    package static let rootName = "IMPORT_INFO"

    package let source: String
    /// Nil if `import` computes it from the bytes that it reads.
    package let md5: String?
    /// MB.
    package let size: UInt64
    package let format: String

    package init(source: String, md5: String?, size: UInt64, format: String) {
        self.source = source
        self.md5 = md5
        self.size = size
        self.format = format
    }

    package var reply: Reply {
        let elements = [
            ("IMPORT_SOURCE", source), ("MD5", md5 ?? ""), ("SIZE", String(size)), ("FORMAT", format),
            ("DISPOSE", "NO"),
        ]
        let body = elements.map { "<\($0.0)>\(XMLText.characterData($0.1))</\($0.0)>" }.joined()
        return Reply("<\(Self.rootName)>\(body)</\(Self.rootName)>\n")
    }
}
