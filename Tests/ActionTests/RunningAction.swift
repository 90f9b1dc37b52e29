import Foundation
import Glibc
import Posix
import TestSupport

/// An action in the middle of its work, for tests that disturb it.
final class RunningAction {
    private let child: Child
    private let record: TemporaryDirectory
    private let watched: String

    /// Starts the action, which is going to write to PUBLIC_DIR, or to `watched`.
    convenience init(
        _ program: String, _ message: DriverMessage, in market: LocalMarket, watched: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        try self.init(
            program, message, in: market.directory, watched: watched ?? market.publicDirectory, environment: environment
        )
    }

    /// Starts the action, whose OpenNebula is installed in `directory`.
    init(
        _ program: String, _ message: DriverMessage, in directory: TemporaryDirectory, watched: String,
        environment: [String: String] = [:]
    ) throws {
        record = try TemporaryDirectory()
        self.watched = watched
        let input = try FileDescriptor.open(record.write("in", message.base64), O_RDONLY)
        let settings = ["ONE_LOCATION": directory.path].merging(environment) { $1 }
        let merged = ProcessInfo.processInfo.environment.merging(settings) { $1 }
        child = try Child(
            Programs.action(program), environment: merged.map { "\($0)=\($1)" }, input: .descriptor(input),
            output: .descriptor(FileDescriptor.open(record.write("out", []), O_WRONLY)),
            errors: .descriptor(FileDescriptor.open(record.write("err", []), O_WRONLY | O_APPEND)))
    }

    struct TooLate: Error {}

    /// Waits until `condition` holds. Throws if the action ends before.
    func wait(until condition: () throws -> Bool) throws {
        while try !condition() {
            var entry = pollfd(fd: child.exitDescriptor.number, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, 1) > 0 { throw TooLate() }
        }
    }

    /// Waits for a moment of its work; no longer than until it ends.
    func wait(for moment: Moment) {
        moment.wait(for: child)
    }

    /// Waits until it handles signals. Throws if the action ends before.
    func waitUntilItHeedsSignals() throws {
        try wait { Progress.catchesSignals(child.pid) }
    }

    /// Waits until the action has begun to write its temporary file, and stops it there, while `body` runs.
    func whileStopped(_ body: (_ temporary: String) throws -> Void) throws {
        try wait { try hidden().contains { ((try? TestFiles.status(watched + "/" + $0).size) ?? 0) > 0 } }
        child.send(SIGSTOP)
        defer { child.send(SIGCONT) }
        try body(hidden().first ?? "")
    }

    private func hidden() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: watched).filter { $0.hasPrefix(".") }
    }

    func send(_ signal: Int32) {
        child.send(signal)
    }

    /// Waits for the action's end.
    func finish() throws -> Outcome {
        let status = child.reap()
        return try Outcome(
            status: status, output: String(contentsOfFile: record.path("out"), encoding: .utf8),
            errors: String(contentsOfFile: record.path("err"), encoding: .utf8))
    }
}
