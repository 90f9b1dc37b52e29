import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// A private marketplace of either kind, for tests of what all kinds have in common: what imports leave behind, and
/// when.
protocol JournaledMarket {
    /// `http` or `s3`.
    var kind: String { get }
    /// Room for the tests' files.
    var directory: TemporaryDirectory { get }
    /// The environment of the actions, with ONE_LOCATION above all.
    var environment: [String: String] { get }
    /// Whether another machine publishes: an image that a killed import has requested may then come late.
    var isRemote: Bool { get }
    /// A message for all actions, about the app of that number, which has no SOURCE yet.
    func message(_ image: String, app: Int) throws -> DriverMessage
    /// Returns everything in the directory or bucket, hidden or half-done things too.
    func images() throws -> [String]
}

extension JournaledMarket {
    /// The journal's directory.
    var journalPath: String { environment["ONE_LOCATION"]! + "/var/market-drivers/imports" }

    func program(_ action: String) -> String { "market-\(kind)-\(action)" }

    /// Runs an action to its end.
    func perform(_ action: String, _ message: DriverMessage) throws -> Outcome {
        try run(Programs.action(program(action)), input: message.base64, environment: environment)
    }

    /// Imports an app, and returns its SOURCE.
    func importApp(_ app: Int, _ image: String) throws -> String {
        try #require(try reply(of: perform("import", message(image, app: app)))["SOURCE"])
    }

    /// Deletes an app, which may have a SOURCE.
    func deleteApp(_ app: Int, _ source: String? = nil) throws -> Outcome {
        try perform("delete", message("/none", app: app).with("MARKETPLACEAPP/SOURCE", source))
    }

    /// Starts an action, and leaves it at work.
    func start(_ action: String, _ message: DriverMessage, output: Child.Stream = .pipe) throws -> Child {
        let file = try directory.write("message", message.base64)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        return try Child(
            Programs.action(program(action)), environment: variables.map { "\($0.key)=\($0.value)" },
            input: .descriptor(FileDescriptor.open(file, O_RDONLY)), output: output)
    }

    /// Returns the files of the journal that end in one of `states`; all if none is given.
    func journal(_ states: String...) throws -> [String] {
        guard FileManager.default.fileExists(atPath: journalPath) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: journalPath).sorted().filter { name in
            states.isEmpty || states.contains { name.hasSuffix("." + $0) }
        }
    }

    /// Makes the files of the journal as old as `seconds`.
    func age(_ state: String, by seconds: Int) throws {
        for name in try journal(state) {
            try TestFiles.succeed(["touch", "-d", "@\(time(nil) - seconds)", journalPath + "/" + name])
        }
    }

    /// Starts an import whose reply nobody reads, and waits until it has published and is stuck with that.
    func startUnanswered(_ message: DriverMessage) throws -> (child: Child, pipe: Posix.Pipe) {
        let pipe = try Posix.Pipe()
        try pipe.writing.writeAll([UInt8](repeating: 0, count: Self.pipeCapacity))
        let child = try start("import", message, output: .descriptor(pipe.writing))
        guard try eventually(within: 60, { try isWriting(child.pid) }) else {
            throw TestFailure(text: "it has not come to its answer")
        }
        return (child, pipe)
    }

    /// Bytes, according to pipe(7).
    static var pipeCapacity: Int { 1 << 16 }

    /// Whether a process waits in a system call on its standard output: that is write(2).
    private func isWriting(_ pid: pid_t) throws -> Bool {
        let call = (try? String(contentsOfFile: "/proc/\(pid)/syscall", encoding: .utf8)) ?? ""
        let words = call.split(separator: " ")
        return words.count > 1 && words[1] == "0x1"
    }
}

struct TestFailure: Error {
    let text: String
}

extension LocalMarket: JournaledMarket {
    var kind: String { "http" }
    var environment: [String: String] { ["ONE_LOCATION": directory.path] }
    var isRemote: Bool { false }

    func message(_ image: String, app: Int) throws -> DriverMessage {
        try importMessage(image).with("MARKETPLACEAPP/ID", "\(app)")
    }

    func images() throws -> [String] { try published() }
}

extension BucketMarket: JournaledMarket {
    var kind: String { "s3" }
    var environment: [String: String] { ["ONE_LOCATION": directory.path] }
    var isRemote: Bool { true }

    func message(_ image: String, app: Int) throws -> DriverMessage {
        try importMessage(image, ["MARKETPLACEAPP/ID": "\(app)"])
    }

    func images() throws -> [String] {
        try server.ask("all", bucket)
    }
}
