import Glibc

/// Processes that are recognised by their environment, wherever they have gone since: daemons leave their process
/// group, their session and their parent, but not the environment that they were started with.
package enum MarkedProcesses {
    private static let environmentLimit = 4 << 20
    /// Seconds.
    private static let interval = 0.05

    /// Ends all processes that were started with `mark`, a `NAME=value`, in their environment and in `directory`:
    /// SIGTERM, then SIGKILL after `grace` seconds. Returns when they have ended, or after as many seconds again. Other
    /// users' are left alone.
    package static func end(_ mark: String, in directory: String, grace: Double = 5) {
        let begun = Clock.now
        while Clock.now < begun + 2 * grace {
            // Again and again, since one of them may have started another.
            let found = find(mark, in: directory)
            if found.isEmpty { return }
            let signal = Clock.now < begun + grace ? SIGTERM : SIGKILL
            for process in found { try? process.send(signal) }
            let deadline = Clock.now + interval
            for process in found { wait(for: process, until: deadline) }
        }
    }

    private static func find(_ mark: String, in directory: String) -> [ProcessHandle] {
        let mark = Array(mark.utf8)
        let place = try? FileStatus(path: directory)
        return ((try? directoryEntries("/proc")) ?? []).compactMap { name in
            guard let pid = pid_t(name), pid != getpid(), let process = ProcessHandle(pid) else { return nil }
            let file = try? FileDescriptor.open("/proc/\(pid)/environ", O_RDONLY)
            guard let environment = try? file?.readToEnd(limit: environmentLimit) else { return nil }
            if environment.split(separator: 0).contains(where: { $0.elementsEqual(mark) }) { return process }
            // A process in the middle of execve(2) shows no environment, but is still in its directory.
            guard environment.isEmpty, let place, let its = try? FileStatus(path: "/proc/\(pid)/cwd") else {
                return nil
            }
            return its.inode == place.inode && its.device == place.device ? process : nil
        }
    }

    private static func wait(for process: ProcessHandle, until deadline: Double) {
        guard process.hasEnded(by: deadline, interruptible: false) else { return }
        // Nobody else reaps an orphan that has become this process's child.
        waitpid(process.pid, nil, WNOHANG)
    }
}
