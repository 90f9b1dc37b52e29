import Bytes
import Glibc
import Posix

/// A host of a BRIDGE_LIST, or of `ssh://HOST:PATH`: a name or an address, perhaps with a user. Nothing that ssh(1)
/// could take for an option.
struct BridgeHost: Sendable, Equatable {
    private let user: String?
    private let address: String

    /// Reads `host`, `user@host`, `::1`, `[::1]` or `user@[fe80::1%eth0]`; nil if it is none of them. A port is none of
    /// a host's: it belongs into ssh_config(5).
    init?(_ text: String) {
        let end = text.lastIndex(of: "@")
        let host = end.map { text[text.index(after: $0)...] } ?? text[...]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        address = String(isBracketed ? host.dropFirst().dropLast() : host)
        user = end.map { String(text[..<$0]) }
        let words = [user, address].compactMap(\.self)
        guard words.allSatisfy({ !$0.isEmpty && !$0.hasPrefix("-") }),
            user.map({ Self.isName($0, allowing: ".-_@") }) ?? true,
            isVersion6 || !isBracketed && Self.isName(address, allowing: ".-_")
        else { return nil }
    }

    /// This machine.
    static let thisMachine = BridgeHost(user: nil, address: "localhost")

    private init(user: String?, address: String) {
        (self.user, self.address) = (user, address)
    }

    /// Whether it is a name of this machine, for the user of this process.
    var isThisMachine: Bool {
        user == nil && ["localhost", "127.0.0.1", "::1", hostName()?.lowercased()].contains(address.lowercased())
    }

    /// As ssh(1) takes it.
    var name: String { (user.map { $0 + "@" } ?? "") + address }

    /// The host as written in `ssh://HOST:PATH`, in which a colon ends it.
    var location: String { isVersion6 ? (user.map { $0 + "@" } ?? "") + "[\(address)]" : name }

    /// Whether the address is one of IPv6, perhaps with the interface that it is reached by.
    private var isVersion6: Bool {
        let parts = address.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var parsed = in6_addr()
        // C would read no further than to a byte of zeros.
        return Self.isName(String(parts[0]), allowing: ":.") && inet_pton(AF_INET6, String(parts[0]), &parsed) == 1
            && (parts.count == 1 || !parts[1].isEmpty && Self.isName(String(parts[1]), allowing: ".-_"))
    }

    private static func isName(_ text: String, allowing marks: String) -> Bool {
        text.utf8.allSatisfy { isAlphanumeric($0) || marks.utf8.contains($0) }
    }
}
