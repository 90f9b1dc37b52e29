import JSON

/// What `rbd info` says of an image.
package struct RBDInformation: Equatable, Sendable {
    /// Bytes.
    package let size: UInt64
    /// What no other image ever has, even of the same name.
    private let id: String
    private let modified: String?

    /// Reads the words of a script's reply. Returns nil if they are no such information.
    init?(_ words: [String]) {
        let found = try? JSONReader.read(copyOf: words.joined(separator: " ").utf8) { reader in
            let value = try reader.value()
            return (value?["size"]?.scalar, value?["id"]?.scalar, value?["modify_timestamp"]?.scalar)
        }
        guard let (text, id, modified) = found, let size = text.flatMap({ UInt64($0) }), size <= UInt64(Int64.max)
        else {
            return nil
        }
        self.size = size
        self.id = id ?? ""
        self.modified = modified
    }
}
