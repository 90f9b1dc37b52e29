import DriverProtocol
import Glibc
import Posix

/// The hosts of a BRIDGE_LIST, and how they are reached.
package struct BridgeHosts: Sendable {
    private let hosts: [String]
    private let settings: Settings
    private let log: Log

    /// The hosts of the list at `path` of the message, the one of `request`'s id first: round robin by id, as in the
    /// stock drivers. Nil if the list is missing or empty.
    package init?(_ request: Request, at path: String) throws(DriverError) {
        let words = request.message.words(path)
        guard !words.isEmpty else { return nil }
        for word in words where !Self.isHostName(word) {
            throw request.message.invalid(
                path, "has \(quoted(word)), which is no host", remedy: "write host names divided by spaces")
        }
        self.init(rotating: words, by: request.id, settings: request.settings, log: request.log)
    }

    /// The only host of an `ssh://HOST:PATH` source.
    init(host: String, _ request: Request) throws(DriverError) {
        guard Self.isHostName(host) else {
            throw DriverError("reach", quoted(host), cause: "it is no host name", remedy: "write ssh://HOST:PATH")
        }
        self.init(rotating: [host], by: 0, settings: request.settings, log: request.log)
    }

    private init(rotating hosts: [String], by id: Int, settings: Settings, log: Log) {
        let first = Int(id.magnitude % UInt(hosts.count))
        self.hosts = Array(hosts[first...] + hosts[..<first])
        self.settings = settings
        self.log = log
    }

    /// Whether `text` is a name or an address, perhaps with a user, and nothing that ssh could take for an option.
    static func isHostName(_ text: String) -> Bool {
        !text.hasPrefix("-") && !text.isEmpty
            && text.utf8.allSatisfy { byte in
                isASCIILetterOrDigit(byte) || ".-_@:[]%".utf8.contains(byte)
            }
    }

    private static func isASCIILetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Starts `script` with `arguments` on the first host that can be reached.
    func run(_ script: String, _ arguments: [String]) throws -> RemoteShell {
        var reasons: [String] = []
        for host in hosts {
            do {
                return try RemoteShell(host: host, settings: settings, script: script, arguments: arguments)
            } catch let unreachable as RemoteShell.Unreachable {
                reasons.append("\(host): \(unreachable.reason)")
                if host != hosts.last {
                    log.warning("bridge host \(host) cannot be reached (\(unreachable.reason)): trying the next one")
                }
            }
        }
        throw DriverError(
            "reach", hosts.count == 1 ? "the host \(hosts[0])" : "any bridge host",
            cause: reasons.joined(separator: "; "),
            remedy: "let the user that runs oned log in there by ssh without a password")
    }
}

/// A ``RemoteScript`` that runs on a host, over ssh(1).
final class RemoteShell {
    /// The host did not reply as the script would have.
    struct Unreachable: Error {
        let reason: String
    }

    /// Anything that can come when an answer is expected.
    private enum Answer: Equatable {
        case text(String)
        case end
        case late
    }

    /// The bytes that may come before an answer.
    private static let noiseLimit = 1 << 20

    let host: String
    private let child: Child
    private var pending: [UInt8] = []
    /// The last line that was no answer: the text of a login shell that refuses to run anything.
    private var noise: Substring?

    /// Starts ssh, and waits until the script has greeted.
    fileprivate init(host: String, settings: Settings, script: String, arguments: [String]) throws {
        self.host = host
        var command = ["ssh", "-T", "-x", "-o", "BatchMode=yes", "-o", "ConnectTimeout=\(settings.sshConnectTimeout)"]
        command += ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"]
        if let file = settings.sshConfiguration { command += ["-F", file] }
        do {
            child = try Child(command + ["--", host, RemoteScript.bootstrap], input: .pipe)
        } catch {
            throw DriverError("run", "ssh", error, remedy: "install the package openssh-client")
        }
        child.input?.widenPipe()
        child.output?.widenPipe()
        // Together they fit a pipe's buffer: this cannot wait for a host that does not answer.
        try? RemoteScript.line(script).withUnsafeBytes { try child.input!.writeWaiting($0) }
        let timeout = settings.sshConnectTimeout + 15
        switch try answer(by: Clock.now + Double(timeout)) {
        case .text("ready"): break
        case .late: throw Unreachable(reason: "it did not answer within \(timeout) s")
        default: throw Unreachable(reason: try failure())
        }
        for argument in arguments { try send(RemoteScript.argument(argument)) }
    }

    deinit {
        child.closeInput()
        child.terminate(grace: 2)
    }

    // MARK: To the script

    func send(_ bytes: some Collection<UInt8>) throws {
        try Array(bytes).withUnsafeBytes { try send($0) }
    }

    /// Sends bytes. Throws the script's own reason if it has ended early.
    func send(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try child.input!.writeWaiting(bytes)
        } catch let error as SystemError where error.code == EPIPE {
            throw RemoteFailure(host: host, reason: try remainingFailure())
        }
    }

    // MARK: From the script

    /// Returns the words of the script's next answer. Throws a ``RemoteFailure`` if the script failed or the connection
    /// broke.
    func answer() throws -> [String] {
        guard case .text(let line) = try answer(by: nil) else {
            throw RemoteFailure(host: host, reason: try failure())
        }
        if let reason = Self.reason(line) { throw RemoteFailure(host: host, reason: reason) }
        return line.split(separator: " ").map(String.init)
    }

    /// Returns the words after `keyword` of the next answer.
    func answer(_ keyword: String) throws -> [String] {
        let words = try answer()
        guard words.first == keyword else {
            throw RemoteFailure(host: host, reason: "it answered \(quoted(words.joined(separator: " ")))")
        }
        return Array(words.dropFirst())
    }

    /// Reads raw bytes after the last answer. Returns their number, 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard pending.isEmpty else {
            let count = min(pending.count, buffer.count)
            buffer.copyBytes(from: pending[..<count])
            pending.removeFirst(count)
            return count
        }
        return try child.output!.readAvailable(into: buffer)
    }

    /// Returns the next line that carries the marker, without the marker.
    private func answer(by deadline: Double?) throws -> Answer {
        let marker = RemoteScript.marker.utf8
        var received = 0
        while received < Self.noiseLimit {
            while let end = pending.firstIndex(of: 0x0A) {
                let line = pending[..<end]
                let text = String(decoding: line, as: UTF8.self)
                let isAnswer = line.starts(with: marker)
                pending.removeFirst(end + 1)
                if isAnswer { return .text(String(text.dropFirst(marker.count + 1))) }
                noise = text[...]
            }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = try chunk.withUnsafeMutableBytes { try child.output!.readAvailable(into: $0, by: deadline) }
            guard let count else { return .late }
            guard count > 0 else { return .end }
            received += count
            pending += chunk[..<count]
        }
        return .end
    }

    private static func reason(_ line: String) -> String? {
        line.hasPrefix("failed ") ? String(line.dropFirst("failed ".count)) : nil
    }

    /// Returns a reason that the script may have given before it stopped reading.
    private func remainingFailure() throws -> String {
        while case .text(let line) = try answer(by: Clock.now + 5) {
            if let reason = Self.reason(line) { return reason }
        }
        return try failure()
    }

    /// Returns the reason why ssh ended: its own last words, or the text that the host printed in place of an answer.
    func failure() throws -> String {
        child.closeInput()
        // Its output ends before it prints the reason: give it time.
        let status = child.reap(within: 2) ?? child.terminate(grace: 2)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = buffer.withUnsafeMutableBytes { (try? child.errors!.read(into: $0)) ?? 0 }
        let lines = String(decoding: buffer[..<count], as: UTF8.self).split(whereSeparator: \.isNewline)
        try Interrupt.check()
        // ssh warns of many harmless things: a host's new key, for example.
        let words = [lines.last { !$0.hasPrefix("Warning: ") }, noise].compactMap { $0?.trimmingWhitespace() }
        return words.first { !$0.isEmpty } ?? "ssh: \(status)"
    }
}

extension Substring {
    fileprivate func trimmingWhitespace() -> String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// The failure of a script on a bridge host.
struct RemoteFailure: Error {
    let host: String
    let reason: String

    /// Returns the error of `operation` on `object`, which lies on the host.
    func error(_ operation: String, _ object: String) -> DriverError {
        DriverError(
            operation, "\(object) on host \(host)", cause: reason,
            remedy: "check it on that host as the user that ssh logs in")
    }
}
