/// An image of a Ceph pool: `POOL/[NAMESPACE/]IMAGE[@SNAPSHOT]`, as rbd(8) writes it.
package struct RBDImage: Equatable, Sendable, CustomStringConvertible {
    package let pool: String
    package let namespace: String?
    package let name: String
    package let snapshot: String?

    /// Reads a name. Returns nil if `text` is none.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let last = (parts.last ?? "").split(separator: "@", omittingEmptySubsequences: false)
        guard 2...3 ~= parts.count, 1...2 ~= last.count,
            (parts.dropLast() + last).allSatisfy({ Self.isName($0) })
        else { return nil }
        pool = String(parts[0])
        namespace = parts.count == 3 ? String(parts[1]) : nil
        name = String(last[0])
        snapshot = last.count == 2 ? String(last[1]) : nil
    }

    /// Whether `text` can be the name of a pool or of an image.
    package static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x2F && $0 != 0x40 }
    }

    package var description: String {
        pool + "/" + (namespace.map { $0 + "/" } ?? "") + name + (snapshot.map { "@" + $0 } ?? "")
    }
}
