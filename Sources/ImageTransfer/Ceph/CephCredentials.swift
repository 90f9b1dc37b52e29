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
