import JSON

/// The room of a pool.
struct CephSpace: Sendable {
    /// The bytes that can still be written, by the disks and by the pool's quota.
    let available: UInt64

    /// Reads what `ceph df detail` says of `pool` from the words of a script's reply. Returns nil if that is nothing.
    init?(_ words: [String], pool: String) {
        let found = try? JSONReader.read(copyOf: words.joined(separator: " ").utf8) { reader in
            let pools = try reader.value()?["pools"]?.elements
            let statistics = pools?.first { $0["name"]?.text == pool }?["stats"]
            func number(_ value: JSONValue?) -> UInt64? { value?.scalar.flatMap { UInt64($0) } }
            return (
                number(statistics?["stored"]), number(statistics?["max_avail"]), number(statistics?["quota_bytes"])
            )
        }
        guard let (stored, free, quota) = found, let stored, let free else { return nil }
        let quotaLeft = quota.flatMap { $0 > 0 ? $0 - min(stored, $0) : nil }
        available = min(free, quotaLeft ?? free)
    }
}
