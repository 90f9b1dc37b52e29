import Glibc

/// The pipes of a child at work: its input is written, its output and errors are read. It is for a loop around poll(2),
/// and nothing in it waits.
package struct Exchange {
    /// The number of its entries for poll(2).
    package static let entryCount = 4
    /// The bytes that are read at most from a pipe when the child has ended: a pipe's capacity. Processes that it has
    /// left running may go on writing.
    private static let drainLimit = 1 << 20

    package let child: Child
    /// Whether the child has ended, and what was in its pipes then has been read.
    package private(set) var hasEnded = false
    private var input: [UInt8]
    private var sent = 0
    private var outputEnded = false
    private var errorsEnded = false

    /// The exchange with a `child` whose standard input gets `input`.
    package init(_ child: Child, input: [UInt8]) {
        self.child = child
        self.input = input
    }

    /// Adds the descriptors that it waits for.
    package func appendEntries(to entries: inout [pollfd]) {
        func append(_ descriptor: FileDescriptor?, _ events: Int32) {
            entries.append(pollfd(fd: descriptor?.number ?? -1, events: Int16(events), revents: 0))
        }
        append(child.exitDescriptor, POLLIN)
        append(outputEnded ? nil : child.output, POLLIN)
        append(errorsEnded ? nil : child.errors, POLLIN)
        append(child.input, POLLOUT)
    }

    /// Handles the results of poll(2) for those entries: what has come is given to `takeOutput` and `takeErrors`.
    package mutating func handle(
        _ entries: ArraySlice<pollfd>, scratch: UnsafeMutableRawBufferPointer,
        takeOutput: (UnsafeRawBufferPointer) -> Void, takeErrors: (UnsafeRawBufferPointer) -> Void
    ) {
        let ready = entries.map { $0.revents != 0 }
        hasEnded = ready[0]
        let limit = hasEnded ? Self.drainLimit : scratch.count
        if !outputEnded, hasEnded || ready[1] { outputEnded = read(child.output, limit, scratch, takeOutput) }
        if !errorsEnded, hasEnded || ready[2] { errorsEnded = read(child.errors, limit, scratch, takeErrors) }
        if !hasEnded, ready[3] { send() }
    }

    /// Reads no more of the child's output: a child that goes on writing has to wait.
    package mutating func leaveOutput() {
        outputEnded = true
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

    private mutating func send() {
        guard let pipe = child.input else { return }
        let count = input[sent...].withUnsafeBytes { write(pipe.number, $0.baseAddress, $0.count) }
        if count > 0 { sent += count }
        // A child that does not read all of its input is no failure by itself.
        let isBroken = count < 0 && errno != EAGAIN && errno != EINTR
        if sent == input.count || isBroken {
            child.closeInput()
            input = []
            sent = 0
        }
    }
}
