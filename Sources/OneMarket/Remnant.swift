import Glibc
import Posix

/// A process group whose leader is gone.
struct Remnant {
    /// The seconds between two checks whether it is gone.
    static let interval = 0.05
    /// The seconds to wait for one that was killed: a process that nobody reaps stays in it.
    private static let reapTime = 1.0

    let child: Child
    let killTime: Double

    /// Whether the group is gone. It is killed when its time is over.
    func isGone(at now: Double) -> Bool {
        guard child.isGroupAlive else { return true }
        if now >= killTime { child.send(SIGKILL) }
        return now >= killTime + Self.reapTime
    }
}
