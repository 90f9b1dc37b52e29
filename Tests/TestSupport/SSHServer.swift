import Foundation
import Glibc
import Posix

/// An sshd of its own on 127.0.0.1 and ::1, an installation of OpenNebula whose drivers reach it under any number of
/// host names, and an `ssh` in PATH that records its calls.
package final class SSHServer: Sendable {
    private let server: Server
    private let directory: TemporaryDirectory

    /// - Parameter fileSizeLimit: the longest file that the host's processes can write, in units of 512 bytes: a disk
    ///   that is full in the middle of a transfer.
    package init(fileSizeLimit: Int? = nil) throws {
        directory = try TemporaryDirectory()
        // sshd wants the folder of its privilege separation.
        if getuid() == 0 { mkdir("/run/sshd", 0o755) }
        try Self.makeKey(directory.path("host"))
        try directory.write("authorized", [], mode: 0o600)
        let options = [
            "ListenAddress 127.0.0.1", "ListenAddress ::1", "HostKey \(directory.path("host"))", "PidFile none",
            "AuthorizedKeysFile \(directory.path("authorized"))", "StrictModes no", "UsePAM no",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes", "PrintMotd no",
            "MaxStartups 200", "LogLevel ERROR",
            // The default is safe from quantum computers, and costs half a second of a test.
            "KexAlgorithms curve25519-sha256",
        ]
        let limit = fileSizeLimit.map { "trap '' XFSZ; ulimit -f \($0); " } ?? ""
        server = try Server { [directory] ports in
            let lines = ["Port \(ports[0])"] + options
            let file = try directory.write("sshd_config", lines.map { $0 + "\n" }.joined().utf8)
            return ["/bin/sh", "-c", limit + "exec /usr/sbin/sshd -D -e -f \"$1\"", "sh", file]
        }

        let client = [
            "Host *", "IdentitiesOnly yes", "StrictHostKeyChecking no", "UserKnownHostsFile /dev/null",
            "GlobalKnownHostsFile /dev/null",
        ]
        try directory.write("ssh_config", [])
        try directory.write("defaults", client.map { $0 + "\n" }.joined().utf8)
        _ = try directory.makeDirectory("one/var/remotes/etc/market")
        try directory.write(
            "one/var/remotes/etc/market/market-drivers.conf",
            "SSH_CONFIG=\"\(directory.path("ssh_config"))\"\nSSH_CONNECT_TIMEOUT=\"5\"\n".utf8)
        try installRecorder()
        try addHost("bridge1")
        try addHost("bridge2")
    }

    package var port: Int { server.port }

    private static func makeKey(_ path: String) throws {
        let made = try TestSupport.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
        guard made.status.isSuccess else { throw Failure(text: made.errors) }
    }

    package struct Failure: Error {
        package let text: String
    }

    /// A wrapper named ssh, which writes its arguments down, a line each, and becomes the real one. What only asks for the
    /// configuration is no call.
    private func installRecorder() throws {
        let real = try TestSupport.run(["sh", "-c", "command -v ssh"]).output.trimmingCharacters(in: .newlines)
        _ = try directory.makeDirectory("bin")
        let script = """
            #!/bin/sh
            case " $* " in *" -G "*) ;; *) printf '%s\\n' "$@" >> '\(directory.path("calls"))' ;; esac
            exec \(real) "$@"

            """
        try directory.write("bin/ssh", script.utf8, mode: 0o755)
    }

    /// Makes `name` a host that can be reached: this machine.
    ///
    /// - Parameters:
    ///   - command: runs in place of the client's command, which is in $SSH_ORIGINAL_COMMAND: a login shell.
    ///   - address: where the host is.
    ///   - port: another port than the server's.
    ///   - isKnown: whether the server accepts the host's key.
    ///   - options: further lines for the client's configuration.
    package func addHost(
        _ name: String, command: String? = nil, address: String = "127.0.0.1", port: Int? = nil, isKnown: Bool = true,
        options: [String] = []
    ) throws {
        try Self.makeKey(directory.path(name))
        if isKnown {
            let quoted = command.map { "command=\"\($0.replacingOccurrences(of: "\"", with: "\\\""))\" " } ?? ""
            let key = try String(contentsOfFile: directory.path(name + ".pub"), encoding: .utf8)
            try append(quoted + key, to: "authorized")
        }
        let lines = [
            "Host \(name)", "HostName \(address)", "Port \(port ?? self.port)", "User \(NSUserName())",
            "IdentityFile \(directory.path(name))",
        ]
        try append((lines + options).map { $0 + "\n" }.joined(), to: "hosts")
        let hosts = try String(contentsOfFile: directory.path("hosts"), encoding: .utf8)
        let defaults = try String(contentsOfFile: directory.path("defaults"), encoding: .utf8)
        try directory.write("ssh_config", (hosts + defaults).utf8)
    }

    private func append(_ text: String, to name: String) throws {
        let file = try FileDescriptor.open(directory.path(name), O_WRONLY | O_CREAT | O_APPEND)
        try Array(text.utf8).withUnsafeBytes { try file.writeAll($0) }
    }

    /// The environment that an action needs to reach the hosts.
    package var environment: [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return ["ONE_LOCATION": directory.path("one"), "PATH": directory.path("bin") + ":" + path]
    }

    /// Returns all arguments of all calls of ssh so far, a line each.
    package func calls() -> [String] {
        let text = (try? String(contentsOfFile: directory.path("calls"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// Returns the hosts that ssh was asked for, in order.
    package func hostsTried() -> [String] {
        let calls = self.calls()
        return calls.indices.dropLast().filter { calls[$0] == "--" }.map { calls[$0 + 1] }
    }

    /// Ends the server's side of all connections at once, as a host that loses its power does.
    package func cutConnections() {
        for session in descendants(of: server.pid) where name(of: session) == "sshd" { kill(session, SIGKILL) }
    }

    /// The processes that run for connections, of the program `name`.
    package func processes(named wanted: String) -> [pid_t] {
        descendants(of: server.pid).filter { name(of: $0) == wanted }
    }
}

private func name(of process: pid_t) -> String? {
    (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8))?.trimmingCharacters(in: .newlines)
}

/// The processes below `process`.
private func descendants(of process: pid_t) -> [pid_t] {
    let all = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    let parents = Dictionary(uniqueKeysWithValues: all.map { ($0, parent(of: $0)) })
    return all.filter { candidate in
        var ancestor = parents[candidate] ?? nil
        while let current = ancestor, current != process { ancestor = parents[current] ?? nil }
        return ancestor == process
    }
}

private func parent(of process: pid_t) -> pid_t? {
    // The name, in parentheses, may hold anything: the state and the parent follow the last of them.
    let status = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    let words = status.split(separator: ")").last?.split(separator: " ") ?? []
    return words.count > 1 ? pid_t(words[1]) : nil
}
