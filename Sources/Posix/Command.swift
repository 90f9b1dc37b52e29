import CPosix
import Glibc

/// A program that is run to its end for what it prints.
package struct Command {
    /// The result of a finished program.
    package struct Result: Sendable {
        package let status: ExitStatus
        package let output: [UInt8]
        /// The end of what it wrote to standard error.
        package let errors: String

        /// The last line of standard error that says something, or the exit status.
        package var reason: String {
            errors.split(whereSeparator: \.isNewline).last { $0.contains { !$0.isWhitespace } }.map(String.init)
                ?? status.description
        }
    }

    /// The program printed more than it was allowed to, or ran too long.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case outputTooLarge(limit: Int)
        case timedOut(seconds: Double)

        package var description: String {
            switch self {
            case .outputTooLarge(let limit): "it printed more than \(limit) bytes"
            case .timedOut(let seconds):
                "it did not end within \(seconds.rounded() == seconds ? "\(Int(seconds))" : "\(seconds)") s"
            }
        }
    }

    private static let errorLimit = 16 << 10
    /// Seconds.
    private static let reapInterval = 0.05

    package let arguments: [String]
    private let environment: [String]?

    /// - Parameter environment: `NAME=value` strings; nil for this process's own.
    package init(_ arguments: [String], environment: [String]? = nil) {
        self.arguments = arguments
        self.environment = environment
    }

    /// Runs the program with `input` on its standard input. Processes that it leaves running are not waited for.
    ///
    /// - Parameter reapsOrphans: whether processes that the program leaves behind are reaped while it runs, for a
    ///   program that waits for their end: in a container nobody else may do it. No other child may be running then.
    /// - Throws: ``SystemError``, ``Failure`` or, if `interruptible`, ``Interrupted``. The program has ended then.
    package func run(
        input: [UInt8] = [], outputLimit: Int = 1 << 20, timeout: Double = 60, interruptible: Bool = true,
        reapsOrphans: Bool = false
    ) throws -> Result {
        if reapsOrphans { _ = cposix_set_child_subreaper(1) }
        defer { if reapsOrphans { _ = cposix_set_child_subreaper(0) } }
        // A program that a signal to this process must not end is kept out of the process group as well.
        let child = try Child(
            arguments, environment: environment, input: input.isEmpty ? .null : .pipe, ownGroup: !interruptible)
        var exchange = Exchange(child, input: input)
        var output: [UInt8] = []
        var errors: [UInt8] = []
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { scratch.deallocate() }
        let deadline = Clock.now + timeout
        while !exchange.hasEnded {
            if interruptible, Interrupt.isRequested {
                child.terminate()
                try Interrupt.check()
            }
            guard Clock.now < deadline else {
                child.terminate()
                throw Failure.timedOut(seconds: timeout)
            }
            var entries = [pollfd(fd: interruptible ? Interrupt.descriptor : -1, events: Int16(POLLIN), revents: 0)]
            exchange.appendEntries(to: &entries)
            let pause = min(deadline - Clock.now, reapsOrphans ? Self.reapInterval : 3600)
            poll(&entries, nfds_t(entries.count), Int32(max(0, pause) * 1000) + 1)
            exchange.handle(entries[1...], scratch: scratch) {
                output.append(contentsOf: $0)
            } takeErrors: {
                errors.append(contentsOf: $0)
            }
            guard output.count <= outputLimit else {
                child.terminate()
                throw Failure.outputTooLarge(limit: outputLimit)
            }
            if errors.count > 4 * Self.errorLimit { errors.removeFirst(errors.count - Self.errorLimit) }
            if reapsOrphans { child.reapOthers() }
        }
        return Result(
            status: child.reap(), output: output,
            errors: String(decoding: errors.suffix(Self.errorLimit), as: UTF8.self))
    }
}
