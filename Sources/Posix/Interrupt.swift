import Glibc
import Synchronization

/// A signal asked this process to end: SIGTERM, SIGINT, SIGHUP or SIGQUIT.
package struct Interrupted: Error, Equatable, CustomStringConvertible {
    package let signal: Int32

    package init(signal: Int32) {
        self.signal = signal
    }

    package var description: String { "ended by signal \(signal) (\(String(cString: strsignal(signal))))" }
}

/// Signals as a flag that long work looks at, so that it can clean up behind itself.
///
/// A handler only stores the number and writes to a pipe; whoever waits in poll(2) also waits for ``descriptor``.
package enum Interrupt {
    private static let received = Atomic<Int32>(0)
    private static let held = Atomic<Int>(0)
    private static let pipe = Pipe.orDie()

    /// Becomes readable when a signal has come; -1, which poll(2) passes over, while signals are held.
    package static var descriptor: Int32 { isHeld ? -1 : pipe.reading.number }

    /// Takes over SIGTERM, SIGINT, SIGHUP and SIGQUIT (Ctrl-\ on a terminal), and ignores SIGPIPE and SIGXFSZ: a broken
    /// pipe and a file that becomes longer than the process may write are errors of write(2).
    package static func install() {
        // Made here and not in the handler, where nothing may be allocated.
        _ = pipe
        _ = received.load(ordering: .relaxed)
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { number in
                let saved = errno
                Interrupt.received.store(number, ordering: .sequentiallyConsistent)
                var byte: UInt8 = 0
                _ = write(Interrupt.pipe.writing.number, &byte, 1)
                errno = saved
            }
            sigaction(number, &action, nil)
        }
    }

    /// Throws ``Interrupted`` once a signal has come.
    package static func check() throws(Interrupted) {
        if isRequested { throw Interrupted(signal: received.load(ordering: .relaxed)) }
    }

    /// Whether a signal has come.
    package static var isRequested: Bool { !isHeld && received.load(ordering: .relaxed) != 0 }

    /// Runs something short to its end, such as taking work back, whatever signal has come or comes. The signal counts
    /// again afterwards.
    package static func holding<Result>(_ body: () throws -> Result) rethrows -> Result {
        held.add(1, ordering: .sequentiallyConsistent)
        defer { held.subtract(1, ordering: .sequentiallyConsistent) }
        return try body()
    }

    private static var isHeld: Bool { held.load(ordering: .relaxed) > 0 }
}
