import DriverProtocol

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

/// What a client says to get into a cluster: `--id`, `--keyfile` and `--conf` of rbd(8). Nil leaves it to Ceph's
/// defaults.
package struct CephCredentials: Equatable, Sendable {
    package var user: String?
    package var keyFile: String?
    package var configuration: String?

    /// Their names in templates, and in the query of a URL.
    static let names = ["CEPH_USER", "CEPH_KEY", "CEPH_CONF"]

    var values: [String?] { [user, keyFile, configuration] }

    /// - Parameter value: what is known by each of ``names``; an empty one counts for none.
    package init<Failure: Error>(_ value: (String) throws(Failure) -> String?) throws(Failure) {
        func known(_ name: String) throws(Failure) -> String? { try value(name).flatMap { $0.isEmpty ? nil : $0 } }
        user = try known(Self.names[0])
        keyFile = try known(Self.names[1])
        configuration = try known(Self.names[2])
    }
}
