import Checksums

/// Names for a new image: `md5("<epoch>:<id>")`, as the stock drivers call it, and further ones, each with a count
/// behind it, for where that is taken.
public func imageNames(id: String, epoch: Int) -> some Sequence<String> {
    (0..<1000).lazy.compactMap { count in
        try? Digest.of(count == 0 ? "\(epoch):\(id)" : "\(epoch):\(id):\(count)", .md5)
    }
}
