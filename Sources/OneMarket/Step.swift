import DriverProtocol
import Glibc
import Posix

/// One program at work, in a process group of its own: its input, its output, and its end. Nothing here waits.
final class Step {
    let name: String
    private let child: Child
    private let limits: Limits
    private var exchange: Exchange
    private(set) var output: [UInt8] = []
    private(set) var errors = DriverOutput()
    private(set) var isOutputTooLarge = false
    /// The exit status, or nil while it runs.
    private(set) var status: ExitStatus?
    /// The time at which a program that got SIGTERM will be killed.
    private(set) var killTime: Double?

    /// Starts a program. Throws if that fails.
    init(_ launch: Launch, limits: Limits) throws(DriverError) {
        name = launch.name
        self.limits = limits
        do {
            child = try Child(
                launch.arguments, environment: launch.environment, input: launch.input.isEmpty ? .null : .pipe,
                ownGroup: true)
        } catch {
            throw DriverError("run", launch.arguments[0], error)
        }
        exchange = Exchange(child, input: launch.input)
    }

    /// Adds the descriptors that it waits for: ``Exchange/entryCount`` entries.
    func appendEntries(to entries: inout [pollfd]) {
        exchange.appendEntries(to: &entries)
    }

    /// Handles the results of poll(2) for those entries. Returns the log lines that came.
    func handle(_ entries: ArraySlice<pollfd>, scratch: UnsafeMutableRawBufferPointer, now: Double) -> [DriverOutput
        .LogLine]
    {
        var lines: [DriverOutput.LogLine] = []
        exchange.handle(entries, scratch: scratch) {
            output.append(contentsOf: $0)
        } takeErrors: {
            lines += errors.append($0)
        }
        if output.count > limits.output {
            isOutputTooLarge = true
            exchange.leaveOutput()
            output = []
            end(at: now)
        }
        if exchange.hasEnded {
            // Processes that it has left running keep the pipes open: nobody waits for their end.
            lines += errors.finish()
            status = child.reap()
        }
        return lines
    }

    // MARK: The end

    /// Sends SIGTERM to its process group. It will be killed if it does not end in time.
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
