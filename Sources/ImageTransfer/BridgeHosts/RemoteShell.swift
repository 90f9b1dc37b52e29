import DriverProtocol
import Glibc
import Posix

/// A ``RemoteScript`` that runs on a host, over ssh(1).
final class RemoteShell {
    /// Anything that can come when a reply is expected.
    private enum Answer: Equatable {
        case text(String)
        case end
        case late
    }

    /// The bytes that may come before a reply.
    private static let noiseLimit = 1 << 20

    /// How much of what a host prints is shown.
    private static let shownNoise = 200

    /// What ssh(1) was asked for.
    let host: String
    /// The host as it stands in `ssh://HOST:PATH`.
    let location: String
    private let child: Child
    private var pending: [UInt8] = []
    /// The last line that was no reply: the text of a login shell that refuses to run anything.
    private var noise = ""

    /// Starts ssh, or a shell of this machine if `isHere`, and waits until the script has greeted. Throws an
    /// ``UnreachableHost`` if it does not.
    init(host: BridgeHost, isHere: Bool, settings: Settings, script: String, arguments: [String]) throws {
        self.host = host.name
        location = host.location
        let command = try isHere ? ["/bin/sh", "-c"] : SSHCommand.words(to: host, settings)
        do {
            // A signal to this process's group must not end what has to clean up.
            child = try Child(command + [RemoteScript.bootstrap], input: .pipe, ownGroup: isHere)
        } catch {
            throw DriverError("run", command[0], error, remedy: "install the package openssh-client")
        }
        child.input?.widenPipe()
        child.output?.widenPipe()
        // Together they fit a pipe's buffer: this cannot wait for a host that does not answer.
        try? RemoteScript.line(script).withUnsafeBytes { try child.input!.writeWaiting($0) }
        try awaitGreeting(within: settings.sshConnectTimeout + 15)
        for argument in arguments { try send(RemoteScript.argument(argument)) }
    }

    /// Waits for the script's first word; whatever comes before is the login shell's. Throws an ``UnreachableHost`` if
    /// it does not come.
    private func awaitGreeting(within timeout: Int) throws {
        let deadline = Clock.now + Double(timeout)
        while true {
            switch try answer(by: deadline) {
            case .text(let word): if word == "ready" { return }
            case .late:
                let reasons = ["it did not answer within \(timeout) s", printed()].compactMap(\.self)
                throw UnreachableHost(
                    reason: reasons.joined(separator: "; "),
                    remedy: reasons.count == 1 ? UnreachableHost.networkRemedy : UnreachableHost.shellRemedy)
            case .end:
                let (reason, status) = try end()
                throw UnreachableHost(reason, isOfSSH: status == .exited(255))
            }
        }
    }

    deinit {
        child.closeInput()
        child.terminate(grace: 2)
    }

    /// Lets the script read an end of file, and gives it so many seconds to clean up.
    func end(within seconds: Double) {
        child.closeInput()
        _ = child.reap(within: seconds)
    }

    // MARK: To the script

    func send(_ bytes: some Collection<UInt8>, stall: Double? = nil) throws {
        try Array(bytes).withUnsafeBytes { try send($0, stall: stall) }
    }

    /// Sends bytes. Throws the script's own reason if it has ended early, and ETIMEDOUT if it takes nothing for `stall`
    /// seconds.
    func send(_ bytes: UnsafeRawBufferPointer, stall: Double? = nil) throws {
        do {
            try child.input!.writeWaiting(bytes, stall: stall)
        } catch let error as SystemError where error.code == EPIPE {
            throw RemoteFailure(host: host, reason: try remainingFailure())
        }
    }

    // MARK: From the script

    /// Returns the words of the script's next reply. Throws a ``RemoteFailure`` if the script failed or the connection
    /// broke.
    func answer() throws -> [String] {
        guard case .text(let line) = try answer(by: nil) else {
            throw RemoteFailure(host: host, reason: try failure())
        }
        if let reason = Self.reason(line) { throw RemoteFailure(host: host, reason: reason) }
        return line.split(separator: " ").map(String.init)
    }

    /// Returns the words after `keyword` of the next reply.
    func answer(_ keyword: String) throws -> [String] {
        let words = try answer()
        guard words.first == keyword else {
            throw RemoteFailure(host: host, reason: "it answered \(quoted(words.joined(separator: " ")))")
        }
        return Array(words.dropFirst())
    }

    /// Reads raw bytes after the last reply. Returns their number, 0 at the end.
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
                if text.contains(where: { !$0.isWhitespace }) { noise = text }
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

    /// Returns the reason why ssh ended.
    func failure() throws -> String { try end().reason }

    /// Ends the connection. Returns ssh's last words, with the text that the host printed in place of a reply.
    private func end() throws -> (reason: String, status: ExitStatus) {
        child.closeInput()
        // Its output ends before it prints the reason: give it time.
        let status = child.reap(within: 2) ?? child.terminate(grace: 2)
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = buffer.withUnsafeMutableBytes { (try? child.errors!.read(into: $0)) ?? 0 }
        let lines = String(decoding: buffer[..<count], as: UTF8.self).split(whereSeparator: \.isNewline)
        try Interrupt.check()
        // ssh warns of many harmless things: a host's new key, for example.
        let words = lines.map { $0.trimmingWhitespace() }.last { !$0.isEmpty && !$0.hasPrefix("Warning: ") }
        let reasons = [words, printed()].compactMap(\.self)
        return (reasons.isEmpty ? "ssh: \(status)" : reasons.joined(separator: "; "), status)
    }

    /// Returns the last text that came in place of a reply, or nil if none did.
    private func printed() -> String? {
        let rest = String(decoding: pending.prefix(1 << 16), as: UTF8.self)[...].trimmingWhitespace()
        let text = rest.isEmpty ? noise[...].trimmingWhitespace() : rest
        return text.isEmpty ? nil : "it printed " + quoted(oneLine(text, limit: Self.shownNoise))
    }
}

extension Substring {
    fileprivate func trimmingWhitespace() -> String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension DriverError {
    /// Whether a file or a directory was not there, on this machine or on a bridge host.
    package var isOfMissingFile: Bool {
        (underlying as? SystemError)?.code == ENOENT
            || (underlying as? RemoteFailure)?.reason == RemoteFailure.missingFile
    }
}

/// The failure of a script on a bridge host.
struct RemoteFailure: Error {
    /// ENOENT, in the words of the programs there.
    static let missingFile = "No such file or directory"

    let host: String
    let reason: String

    /// Returns the error of `operation` on `object`, which lies on the host.
    func error(_ operation: String, _ object: String) -> DriverError {
        DriverError(
            operation, "\(object) on host \(host)", cause: reason,
            remedy: "check it on that host as the user that ssh logs in", underlying: self)
    }
}
