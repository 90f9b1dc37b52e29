import DriverProtocol

/// A host did not reply as a script would have: why, and what to do about it.
struct UnreachableHost: Error {
    let reason: String
    let remedy: String

    /// The host's login shell has run something else than it was asked for.
    static let shellRemedy = "log in there by ssh, and see that the login shell runs /bin/sh"
    static let networkRemedy = "see that it is up, and that no firewall is in the way"

    init(reason: String, remedy: String) {
        self.reason = reason
        self.remedy = remedy
    }

    /// - Parameters:
    ///   - reason: the last words of ssh(1), or of the host.
    ///   - isOfSSH: whether ssh has ended by itself: everything else is the host's doing.
    init(_ reason: String, isOfSSH: Bool) {
        let remedy = Self.remedies.first { row in row.words.contains { reason.contains($0) } }?.remedy
        self.init(reason: reason, remedy: isOfSSH ? remedy ?? "try `ssh` as the user that runs oned" : Self.shellRemedy)
    }

    /// By what OpenSSH says. It speaks English everywhere.
    private static let remedies: [(words: [String], remedy: String)] = [
        (["Could not resolve hostname"], "correct the host's name, or add it to the name service"),
        (["Connection refused"], "see that sshd runs there, on that port"),
        (
            ["Host key verification failed", "HOST IDENTIFICATION HAS CHANGED", "host key is known"],
            "check the host's key, and put it into known_hosts"
        ),
        (
            ["Permission denied (", "Too many authentication failures", "No supported authentication methods"],
            "let the user that runs oned log in there by ssh without a password"
        ),
        (
            ["timed out", "No route to host", "Network is unreachable", "Connection reset", "Connection closed"],
            networkRemedy
        ),
        (
            ["configuration option", "Bad owner or permissions", "user config file", "keyword"],
            "correct the user's ~/.ssh/config, or SSH_CONFIG"
        ),
        (
            ["Unable to negotiate", "no matching", "kex_exchange_identification"],
            "see in its log why sshd refuses the connection"
        ),
    ]
}
