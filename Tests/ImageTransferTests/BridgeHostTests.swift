import Testing

@testable import ImageTransfer

/// How a host may be written, and how it is passed on.
@Suite struct BridgeHostTests {
    static let hosts: [(text: String, name: String, location: String)] = [
        ("node1.example", "node1.example", "node1.example"),
        ("oneadmin@node-1_a", "oneadmin@node-1_a", "oneadmin@node-1_a"),
        ("192.0.2.1", "192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::1", "[2001:db8::1]"),
        ("[2001:DB8::1]", "2001:DB8::1", "[2001:DB8::1]"), ("a@b@[::1]", "a@b@::1", "a@b@[::1]"),
        ("fe80::c60b:cbff:fea4:f9d7%wlan0", "fe80::c60b:cbff:fea4:f9d7%wlan0", "[fe80::c60b:cbff:fea4:f9d7%wlan0]"),
        ("me@::ffff:192.0.2.1", "me@::ffff:192.0.2.1", "me@[::ffff:192.0.2.1]"),
    ]

    @Test(arguments: hosts) func aHostIsRead(text: String, name: String, location: String) throws {
        let host = try #require(BridgeHost(text))
        #expect(host.name == name && host.location == location)
        #expect(BridgeHost(host.name) == host && BridgeHost(host.location) == host)
    }

    @Test(arguments: [
        "", "-l", "me@-l", "-l@host", "me@", "@host", "host:22", "[host]", "[]", "[::1", "::1]", "[[::1]]", "::1:22:x",
        "a b",
        "a;b", "a%b", "::1%", "::1%a;b", "h\u{E9}", "a/b", "a\nb", "a\u{0}",
    ]) func whatIsNoneIsRefused(text: String) {
        #expect(BridgeHost(text) == nil)
    }

    /// The shell's own words, and the functions of the scripts.
    private static let ownWords: Set = [
        "alias", "arg", "break", "case", "cd", "command", "continue", "do", "done", "else", "esac", "exec", "exit",
        "export", "fail", "fi", "for", "if", "in", "knows", "printf", "read", "say", "set", "sleep", "then", "trap",
        "umask", "while",
    ]

    /// `check` looks for the programs that the scripts of a marketplace run.
    @Test func theProgramsThatAreLookedForAreThoseOfTheScripts() {
        let scripts = RemoteScript.store + "\n" + RemoteScript.remove
        // Where a command may stand: at the start of a line, and behind what separates commands.
        let command = /(?:^|[;|&{(])[ \t]*(?:(?:then|else|do|if|while)[ \t]+)*([a-z]+)(?=[ \n;]|$)/
            .anchorsMatchLineEndings()
        let words = Set(scripts.matches(of: command).map { String($0.1) })
        let known = RemoteScript.requiredPrograms + RemoteScript.optionalPrograms
        #expect(words.subtracting(Self.ownWords) == Set(known), "\(words.subtracting(Self.ownWords))")
    }
}
