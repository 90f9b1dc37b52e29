import CPosix
import Glibc

/// Another process: stands for that very one even if its number has been given to a later one.
package struct ProcessHandle: Sendable {
    package let pid: pid_t
    private let descriptor: FileDescriptor

    /// pidfd_open(2). Returns nil if there is no such process.
    package init?(_ pid: pid_t) {
        let number = cposix_pidfd_open(pid)
        guard number >= 0 else { return nil }
        self.pid = pid
        descriptor = FileDescriptor(number, name: "process \(pid)")
    }

    /// pidfd_send_signal(2). No error if the process has ended.
    package func send(_ signal: Int32) throws(SystemError) {
        do {
            try retrying("kill", descriptor.name) { cposix_pidfd_send_signal(descriptor.number, signal) }
        } catch {
            guard error.code == ESRCH else { throw error }
        }
    }

    /// Waits for the process's end, until `deadline` of the ``Clock`` at most. Returns whether it has ended. If
    /// `interruptible`, a signal to this process ends the wait, too.
    package func hasEnded(by deadline: Double, interruptible: Bool) -> Bool {
        var entries = [
            pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interruptible ? Interrupt.descriptor : -1, events: Int16(POLLIN), revents: 0),
        ]
        poll(&entries, 2, Int32(max(0, min(deadline - Clock.now, 3600)) * 1000))
        return entries[0].revents != 0
    }
}
