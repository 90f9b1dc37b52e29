import Foundation
import Glibc
import Posix

/// The progress of a process, according to proc(5): tests that disturb a process do so in the middle of its work,
/// however fast the machine is.
package enum Progress {
    /// Returns the number of bytes that it has read from files or written to them so far, whichever is more; sockets
    /// don't count.
    package static func bytesMoved(_ process: pid_t) -> Int {
        let counts = lines(process, "io").filter { $0.hasPrefix("rchar: ") || $0.hasPrefix("wchar: ") }
        return counts.compactMap { Int($0.dropFirst("rchar: ".count)) }.max() ?? 0
    }

    /// Returns whether it has taken over SIGTERM: one that is still being loaded dies of it.
    package static func catchesSignals(_ process: pid_t) -> Bool {
        let mask = lines(process, "status").first { $0.hasPrefix("SigCgt:\t") }?.dropFirst("SigCgt:\t".count)
        return (mask.flatMap { UInt64($0, radix: 16) } ?? 0) >> (SIGTERM - 1) & 1 == 1
    }

    private static func lines(_ process: pid_t, _ file: String) -> [Substring] {
        ((try? String(contentsOfFile: "/proc/\(process)/\(file)", encoding: .utf8)) ?? "").split(separator: "\n")
    }
}

/// The moment at which a process is disturbed.
package enum Moment: Sendable {
    /// Seconds after its start.
    case time(Double)
    /// Once it has moved so many bytes, and some seconds later.
    case progress(Int, delay: Double = 0)

    /// Returns moments all over a process that takes `duration` seconds and moves `bytes`: every third by the clock,
    /// which finds beginnings and ends, the others by progress, which finds the middle.
    package static func spread(
        _ count: Int, duration: Double, bytes: Int, delay: Double = 0, using random: inout SeededGenerator
    ) -> [Moment] {
        (0..<count).map { number in
            let share = (Double(number) + .random(in: 0..<1, using: &random)) / Double(count)
            if number % 3 == 0 { return .time(share * 1.1 * duration) }
            return .progress(Int(share * Double(bytes)), delay: .random(in: 0...delay, using: &random))
        }
    }

    /// Returns how many moments a test takes: TEST_KILLS of the environment, else `usual`.
    package static func count(usual: Int) -> Int {
        ProcessInfo.processInfo.environment["TEST_KILLS"].flatMap { Int($0) } ?? usual
    }

    /// Waits for it; no longer than until the process ends.
    package func wait(for child: Child) {
        switch self {
        case .time(let seconds): usleep(UInt32(seconds * 1e6))
        case .progress(let bytes, let delay):
            var entry = pollfd(fd: child.exitDescriptor.number, events: Int16(POLLIN), revents: 0)
            while Progress.bytesMoved(child.pid) < bytes, poll(&entry, 1, 1) == 0 {}
            usleep(UInt32(delay * 1e6))
        }
    }
}
