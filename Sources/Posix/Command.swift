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
    package var environment: [String]?

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
        var exchange = Exchange(child: child, input: input, outputLimit: outputLimit)
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
            let pause = reapsOrphans ? Self.reapInterval : .infinity
            try exchange.step(until: min(deadline, Clock.now + pause), interruptible: interruptible)
            if reapsOrphans { child.reapOthers() }
        }
        try exchange.drain()
        return Result(
            status: child.reap(), output: exchange.output,
            errors: String(decoding: exchange.errors.suffix(Self.errorLimit), as: UTF8.self))
    }

    /// The input and the output of a running child.
    private struct Exchange {
        let child: Child
        let input: [UInt8]
        let outputLimit: Int
        var sent = 0
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var hasEnded = false
        var outputEnded = false
        var errorsEnded = false

        init(child: Child, input: [UInt8], outputLimit: Int) {
            self.child = child
            self.input = input
            self.outputLimit = outputLimit
        }

        mutating func step(until deadline: Double, interruptible: Bool) throws {
            func entry(_ descriptor: FileDescriptor?, _ events: Int32) -> pollfd {
                pollfd(fd: descriptor?.number ?? -1, events: Int16(events), revents: 0)
            }
            var entries = [
                entry(child.exitDescriptor, POLLIN), entry(outputEnded ? nil : child.output, POLLIN),
                entry(errorsEnded ? nil : child.errors, POLLIN), entry(child.input, POLLOUT),
                pollfd(fd: interruptible ? Interrupt.descriptor : -1, events: Int16(POLLIN), revents: 0),
            ]
            poll(&entries, nfds_t(entries.count), Int32(max(0, min(deadline - Clock.now, 3600)) * 1000) + 1)
            hasEnded = entries[0].revents != 0
            if entries[1].revents != 0 { try readOutput() }
            if entries[2].revents != 0 { try readErrors() }
            if entries[3].revents != 0 { send() }
        }

        /// Reads what was still in the pipes when the child ended.
        mutating func drain() throws {
            try readOutput()
            try readErrors()
        }

        private mutating func readOutput() throws {
            outputEnded = try read(child.output, into: &output)
            guard output.count <= outputLimit else {
                child.terminate()
                throw Failure.outputTooLarge(limit: outputLimit)
            }
        }

        private mutating func readErrors() throws {
            errorsEnded = try read(child.errors, into: &errors)
            if errors.count > 4 * Command.errorLimit { errors.removeFirst(errors.count - Command.errorLimit) }
        }

        /// Reads what is there. Returns whether that was the end.
        private func read(_ descriptor: FileDescriptor?, into bytes: inout [UInt8]) throws -> Bool {
            guard let descriptor else { return true }
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            for _ in 0..<64 {
                do {
                    let count = try chunk.withUnsafeMutableBytes { buffer throws(SystemError) in
                        try descriptor.read(into: buffer)
                    }
                    if count == 0 { return true }
                    bytes.append(contentsOf: chunk[..<count])
                } catch let error as SystemError where error.code == EAGAIN {
                    return false
                }
            }
            return false
        }

        private mutating func send() {
            guard let pipe = child.input else { return }
            let count = input[sent...].withUnsafeBytes { write(pipe.number, $0.baseAddress, $0.count) }
            if count > 0 { sent += count }
            // A child that does not read all of its input is no failure by itself.
            let isBroken = count < 0 && errno != EAGAIN && errno != EINTR
            if sent == input.count || isBroken { child.closeInput() }
        }
    }
}
