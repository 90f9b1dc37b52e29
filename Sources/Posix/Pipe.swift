import CPosix
import Glibc

/// The two ends of a pipe, both close-on-exec.
package struct Pipe: Sendable {
    package let reading: FileDescriptor
    package let writing: FileDescriptor

    /// A reader that is gone is an error of write(2) (EPIPE) in this process from the first pipe on, never a signal.
    private static let ignoringBrokenPipes: Void = {
        signal(SIGPIPE, SIG_IGN)
    }()

    package init() throws(SystemError) {
        Self.ignoringBrokenPipes
        var ends: [Int32] = [0, 0]
        try retrying("pipe", "") { cposix_pipe(&ends) }
        reading = FileDescriptor(ends[0], name: "pipe")
        writing = FileDescriptor(ends[1], name: "pipe")
    }

    /// For start-up, when a process without descriptors cannot work at all.
    static func orDie() -> Pipe {
        do {
            let pipe = try Pipe()
            pipe.writing.setNonBlocking()
            return pipe
        } catch {
            fatalError("no pipe can be made: \(error)")
        }
    }
}
