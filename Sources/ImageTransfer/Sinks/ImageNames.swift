import Checksums

/// The names that a new image may get, the wanted one first: it gets the first that is free.
package struct ImageNames: Sequence, Sendable {
    private let count: Int
    private let candidate: @Sendable (Int) -> String?

    /// These names alone.
    package init(_ names: String...) {
        count = names.count
        candidate = { names[$0] }
    }

    /// `md5("<epoch>:<id>")`, the stock drivers' name of an image, and further ones, each with a count after the id, if
    /// that is taken.
    ///
    /// - Parameter epoch: seconds since 1970.
    package init(id: String, epoch: Int) {
        count = 1000
        candidate = { count in try? Digest.of(count == 0 ? "\(epoch):\(id)" : "\(epoch):\(id):\(count)", .md5) }
    }

    package func makeIterator() -> some IteratorProtocol<String> {
        (0..<count).lazy.compactMap(candidate).makeIterator()
    }
}
