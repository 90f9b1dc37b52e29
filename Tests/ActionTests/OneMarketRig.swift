import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport

/// A running `one_market` in an installation of its own, and the tests' end of its pipes: the tests act as oned.
final class OneMarketRig: @unchecked Sendable {
    struct TimedOut: Error {
        let seen: [String]
    }

    /// A script by which drivers record how they were started: into files named like the driver.
    static let record = """
        name=$(echo "${0#*/remotes/}" | tr / -)
        printf '%s\\n' "$@" > "$ONE_LOCATION/$name.arguments"
        cat > "$ONE_LOCATION/$name.input"
        env > "$ONE_LOCATION/$name.environment"

        """
    /// The beginning of a driver that reads its message from standard input.
    static let onStandardInput = "# message on stdin\n"

    let location: TemporaryDirectory
    let child: Child
    private var received: [UInt8] = []
    /// The LOG lines that came before the answers.
    private(set) var logs: [String] = []

    /// Starts it with its drivers, scripts for sh by their path under remotes, in an installation of its own or in
    /// `location`.
    init(
        _ arguments: [String] = ["-t 15 -m http,s3"], drivers: [String: String] = [:],
        environment: [String: String] = [:], through wrapper: [String] = [], in location: TemporaryDirectory? = nil
    ) throws {
        let location = try location ?? TemporaryDirectory()
        self.location = location
        _ = try location.makeDirectory("var")
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            .merging(["ONE_LOCATION": location.path]) { $1 }
        child = try Child(
            wrapper + [Programs.path("one_market")] + arguments, environment: variables.map { "\($0.key)=\($0.value)" },
            input: .pipe, ownGroup: true)
        for (name, script) in drivers { try install(name, script) }
    }

    deinit {
        child.send(SIGKILL)
    }

    /// Puts a driver in place.
    func install(_ name: String, _ script: String) throws {
        let path = "var/remotes/" + name
        _ = try location.makeDirectory(String(path[..<path.lastIndex(of: "/")!]))
        try location.write(path, ("#!/bin/sh\n" + script).utf8, mode: 0o755)
    }

    /// Returns a file that a driver has left in the installation.
    func file(_ name: String) throws -> String {
        try String(contentsOfFile: location.path(name), encoding: .utf8)
    }

    /// Waits for a file that a driver writes, and returns its text.
    func awaitFile(_ name: String, within seconds: Double = 30) throws -> String {
        let deadline = Clock.now + seconds
        while Clock.now < deadline {
            if let text = try? file(name), text.hasSuffix("\n") { return text.trimmingCharacters(in: .newlines) }
            usleep(5000)
        }
        throw TimedOut(seen: logs)
    }

    // MARK: Talking

    /// Writes a line.
    func send(_ line: String) throws {
        try Array((line + "\n").utf8).withUnsafeBytes { try child.input?.writeWaiting($0) }
    }

    /// Writes a request as oned does.
    func send(_ verb: String, _ id: Int, _ message: String) throws {
        try send("\(verb)  \(id) " + String(decoding: Base64.encode(Array(message.utf8)), as: UTF8.self))
    }

    /// Returns the next line, of any kind, or nil at the end.
    func line(within seconds: Double = 60) throws -> String? {
        let deadline = Clock.now + seconds
        var searched = 0
        while true {
            if let end = received[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeSubrange(...end) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            searched = received.count
            guard let more = try read(until: deadline) else { return nil }
            received += more
        }
    }

    /// Returns the result of the next read, or nil at the end.
    func read(until deadline: Double) throws -> [UInt8]? {
        var entry = pollfd(fd: child.output!.number, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Int32(max(0, (deadline - Clock.now) * 1000))) > 0 else { throw TimedOut(seen: logs) }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        let count = Glibc.read(child.output!.number, &chunk, chunk.count)
        return count > 0 ? Array(chunk[..<count]) : nil
    }

    /// Returns the next line that is no LOG line, or `END` if there is none any more.
    func answer(within seconds: Double = 60) throws -> String {
        while let line = try line(within: seconds) {
            guard line.hasPrefix("LOG ") else { return line }
            logs.append(line)
        }
        return "END"
    }

    /// Returns the decoded payload of the next answer, which must be a success.
    func success(within seconds: Double = 60) throws -> String {
        let words = try answer(within: seconds).split(separator: " ").map(String.init)
        guard words.count == 4, words[1] == "SUCCESS", let bytes = Base64.decode(words[3].utf8) else {
            return "NO SUCCESS: " + words.joined(separator: " ")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits for its end.
    func end(within seconds: Double = 30) throws -> ExitStatus {
        var entry = pollfd(fd: child.exitDescriptor.number, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Int32(seconds * 1000)) > 0 else { throw TimedOut(seen: logs) }
        return child.reap()
    }

    /// Returns its standard error so far.
    func errors() throws -> String {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = try chunk.withUnsafeMutableBytes { try child.errors!.readAvailable(into: $0) }
        return String(decoding: chunk[..<count], as: UTF8.self)
    }

    // MARK: Messages

    /// Returns a message with the elements that the driver manager reads, and those that a test adds to the market's
    /// template.
    static func message(
        market: String = "http", datastore: String = "fs", type: Int = 1, template: String = ""
    ) -> String {
        """
        <MARKET_DRIVER_ACTION_DATA><MARKETPLACEAPP><ID>1</ID><TYPE>\(type)</TYPE></MARKETPLACEAPP>\
        <MARKETPLACE><ID>100</ID><MARKET_MAD>\(market)</MARKET_MAD><TEMPLATE>\(template)</TEMPLATE></MARKETPLACE>\
        <IMAGE><ID>7</ID></IMAGE><DATASTORE><ID>1</ID><DS_MAD>\(datastore)</DS_MAD></DATASTORE>\
        </MARKET_DRIVER_ACTION_DATA>
        """
    }

    /// Returns the output of an export.
    static func importInfo(_ more: String = "<DISPOSE>NO</DISPOSE>") -> String {
        "<IMPORT_INFO><IMPORT_SOURCE>/a</IMPORT_SOURCE><MD5>m</MD5><SIZE>4</SIZE><FORMAT>raw</FORMAT>\(more)</IMPORT_INFO>"
    }

    /// The output of an import.
    static let imported = "SOURCE=\"s\"\nMD5=\"m\"\nSIZE=\"4\"\nFORMAT=\"raw\"\n"

    /// Whether a process is at work: a zombie is not.
    static func isAlive(_ pid: String) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = status.lastIndex(of: ")")
        else { return false }
        return !["Z", "X"].contains(status[end...].dropFirst(2).prefix(1))
    }

    /// Whether a process ends in time.
    static func ends(_ pid: String, within seconds: Double = 60) -> Bool {
        let deadline = Clock.now + seconds
        while Clock.now < deadline {
            if !isAlive(pid) { return true }
            usleep(5000)
        }
        return false
    }
}
