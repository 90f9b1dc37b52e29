import DriverProtocol
import Glibc
import Posix

/// One program at work, in a process group of its own: its input, its output, and its end. Nothing here waits.
final class Step {
    /// The number of its entries for poll(2).
    static let entryCount = 4
    /// The bytes that are read at most from a pipe when its writer has ended: a pipe's capacity.
    private static let drainLimit = 1 << 20

    let name: String
    private let child: Child
    private let limits: Limits
    private var input: [UInt8]
    private var sent = 0
    private(set) var output: [UInt8] = []
    private(set) var errors = DriverOutput()
    private var outputEnded = false
    private var errorsEnded = false
    private(set) var isOutputTooLarge = false
    /// The exit status, or nil while it runs.
    private(set) var status: ExitStatus?
    /// The time at which a program that has been told to end will be killed.
    private(set) var killTime: Double?

    /// Starts a program. Throws if that fails.
    init(_ launch: Launch, limits: Limits) throws(DriverError) {
        name = launch.name
        input = launch.input
        self.limits = limits
        do {
            child = try Child(
                launch.arguments, environment: launch.environment, input: launch.input.isEmpty ? .null : .pipe,
                ownGroup: true)
        } catch {
            throw DriverError("run", launch.arguments[0], error)
        }
    }

    /// Adds the descriptors that it waits for.
    func appendEntries(to entries: inout [pollfd]) {
        func append(_ descriptor: FileDescriptor?, _ events: Int32) {
            entries.append(pollfd(fd: descriptor?.number ?? -1, events: Int16(events), revents: 0))
        }
        append(child.exitDescriptor, POLLIN)
        append(outputEnded ? nil : child.output, POLLIN)
        append(errorsEnded ? nil : child.errors, POLLIN)
        append(child.input, POLLOUT)
    }

    /// Handles the results of poll(2) for those entries. Returns the log lines that came.
    func handle(_ entries: ArraySlice<pollfd>, scratch: UnsafeMutableRawBufferPointer, now: Double) -> [DriverOutput
        .LogLine]
    {
        let first = entries.startIndex
        let hasEnded = entries[first].revents != 0
        let limit = hasEnded ? Self.drainLimit : scratch.count
        var lines: [DriverOutput.LogLine] = []
        if hasEnded || entries[first + 1].revents != 0 { readOutput(limit, scratch, now) }
        if hasEnded || entries[first + 2].revents != 0 { lines += readErrors(limit, scratch) }
        if hasEnded {
            // Processes that it has left running keep the pipes open: nobody waits for their end.
            lines += errors.finish()
            status = child.reap()
        } else if entries[first + 3].revents != 0 {
            send()
        }
        return lines
    }

    // MARK: The pipes

    private func readOutput(_ limit: Int, _ scratch: UnsafeMutableRawBufferPointer, _ now: Double) {
        guard !outputEnded else { return }
        outputEnded = read(child.output, limit, scratch) { output.append(contentsOf: $0) }
        if output.count > limits.output {
            isOutputTooLarge = true
            outputEnded = true
            output = []
            end(at: now)
        }
    }

    private func readErrors(_ limit: Int, _ scratch: UnsafeMutableRawBufferPointer) -> [DriverOutput.LogLine] {
        guard !errorsEnded else { return [] }
        var lines: [DriverOutput.LogLine] = []
        errorsEnded = read(child.errors, limit, scratch) { lines += errors.append($0) }
        return lines
    }

    /// Reads what is there, up to some `limit` bytes. Returns whether that was the end.
    private func read(
        _ descriptor: FileDescriptor?, _ limit: Int, _ scratch: UnsafeMutableRawBufferPointer,
        _ take: (UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        guard let descriptor else { return true }
        var taken = 0
        while taken < limit {
            let count = Glibc.read(descriptor.number, scratch.baseAddress, scratch.count)
            if count == 0 { return true }
            guard count > 0 else {
                if errno == EINTR { continue }
                return errno != EAGAIN
            }
            take(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
            taken += count
        }
        return false
    }

    private func send() {
        guard let pipe = child.input else { return }
        let count = input[sent...].withUnsafeBytes { write(pipe.number, $0.baseAddress, $0.count) }
        if count > 0 { sent += count }
        // A program that does not read all of its input is no failure by itself.
        let isBroken = count < 0 && errno != EAGAIN && errno != EINTR
        if sent == input.count || isBroken {
            child.closeInput()
            input = []
            sent = 0
        }
    }

    // MARK: The end

    /// Tells its process group to end. It will be killed if it does not do so in time.
    func end(at now: Double) {
        guard killTime == nil, status == nil else { return }
        child.send(SIGTERM)
        killTime = now + limits.grace
    }

    /// Kills it if its time is over.
    func killIfDue(at now: Double) {
        guard let due = killTime, now >= due, status == nil else { return }
        child.send(SIGKILL)
        killTime = .infinity
    }

    /// Returns the process group of an ended program that did not end by itself. Returns nil after an orderly end, when
    /// processes that it has left are meant to stay (a connection of ssh, say).
    func remnant(at now: Double) -> Remnant? {
        guard let status else { return nil }
        if killTime == nil, case .signalled = status {
            child.send(SIGTERM)
            killTime = now + limits.grace
        }
        // If the program itself had to be killed, its group is killed at once.
        return killTime.map { Remnant(child: child, killTime: $0.isFinite ? $0 : now) }
    }
}

/// A process group whose leader is gone.
struct Remnant {
    /// The seconds between two checks whether it is gone.
    static let interval = 0.05
    /// The seconds to wait for one that was killed: a process that nobody reaps stays in it.
    private static let reapTime = 1.0

    fileprivate let child: Child
    fileprivate let killTime: Double

    /// Whether the group is gone. It is killed when its time is over.
    func isGone(at now: Double) -> Bool {
        guard child.isGroupAlive else { return true }
        if now >= killTime { child.send(SIGKILL) }
        return now >= killTime + Self.reapTime
    }
}

/// The limits of a program.
struct Limits: Sendable {
    /// Seconds from SIGTERM to SIGKILL.
    var grace = 5.0
    /// Seconds that a DISPOSE_CMD may take.
    var dispose = 60.0
    /// Seconds that oned has to read the last answers.
    var flush = 5.0
    /// Bytes on standard output.
    var output = 64 << 20
    /// Bytes of one line from oned.
    var line = 24 << 20
}
