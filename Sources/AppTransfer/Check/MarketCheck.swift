import DriverProtocol
import Glibc
import Posix

/// `market/*/check`: tries, one by one, what a marketplace's actions need, for a person at a terminal. oned never asks for
/// it.
package final class MarketCheck {
    private let write: (String) throws -> Void
    private var count = 0
    private var failures = 0

    /// Tells first for which user all that follows holds.
    ///
    /// - Parameter write: takes a line, when it is known: what is tried next may take a while.
    package init(
        _ installation: Installation,
        write: @escaping (String) throws -> Void = { try FileDescriptor.standardOutput.writeAll(Array($0.utf8)) }
    ) throws {
        self.write = write
        try tellUser(installation)
    }

    /// The drivers' state belongs to the user that runs oned.
    private func tellUser(_ installation: Installation) throws {
        func title(_ user: uid_t) -> String { "\(userName(user) ?? "nameless") (uid \(user))" }
        let user = geteuid()
        let owner = (try? FileStatus(path: installation.state))?.owner ?? user
        guard owner != user, owner != 0 else {
            _ = try trying("user", { user }, found: title)
            return
        }
        let other = userName(owner).map { "sudo -u \($0)" } ?? "sudo -u '#\(owner)'"
        try note("user", "\(title(user)), but oned runs as \(title(owner)), who has other rights: use \(other)")
    }

    /// Tries one thing. Returns the result of `body`, or nil if it threw a reason, which becomes the line. A signal ends
    /// the check.
    ///
    /// - Parameters:
    ///   - name: what is tried.
    ///   - found: says what was found, in a few words.
    package func trying<Found>(
        _ name: String, _ body: () throws -> Found, found: (Found) -> String
    ) throws -> Found? {
        try trying(name, body, verdict: { .works(found($0)) })
    }

    /// As ``trying(_:_:found:)``, for what has its words already.
    package func trying(_ name: String, _ body: () throws -> Finding) throws {
        _ = try trying(name, body, verdict: { $0 })
    }

    /// As ``trying(_:_:found:)``, for what may work and be better all the same.
    package func trying<Found>(
        _ name: String, _ body: () throws -> Found, verdict: (Found) -> Finding
    ) throws -> Found? {
        try Interrupt.check()
        count += 1
        do {
            let result = try body()
            switch verdict(result) {
            case .works(let what): try add("ok", name, what)
            case .note(let what): try note(name, what)
            }
            return result
        } catch let signal as Interrupted {
            throw signal
        } catch let closed as ClosedOutput {
            throw closed.error
        } catch {
            failures += 1
            try add("FAILED", name, "\(error)")
            return nil
        }
    }

    /// Adds a line about something that works, and could be better.
    package func note(_ name: String, _ what: String) throws { try add("note", name, what) }

    /// Adds a line about what is not tried, because something else has failed.
    package func skip(_ name: String, because reason: String) throws { try add("skipped", name, reason) }

    private func add(_ word: String, _ name: String, _ what: String) throws {
        let colour = Self.hasColours ? Self.colours[word] : nil
        let shown = colour.map { "\u{1B}[\($0)m\(word)\u{1B}[0m" } ?? word
        let gap = String(repeating: " ", count: max(1, 8 - word.count))
        do {
            try write("\(shown)\(gap)\(name): \(oneLine(what, limit: 500))\n")
        } catch {
            throw ClosedOutput(
                error: DriverError(
                    "print", "the result on standard output", cause: error, remedy: "let it lead to a reader"))
        }
    }

    /// Whether standard output is a terminal, and NO_COLOR is not set: no-color.org.
    private static let hasColours =
        isatty(1) == 1 && CurrentProcess.environmentVariable("NO_COLOR")?.isEmpty ?? true
    private static let colours = ["ok": 32, "FAILED": 31, "note": 33, "skipped": 33]

    /// The error of standard output, which is none of a check's.
    private struct ClosedOutput: Error {
        let error: DriverError
    }

    /// The failure of the action if a line is one. The lines have been written already.
    package var reply: Reply {
        let (count, failures) = (count, failures)
        return Reply(
            bytes: [],
            confirm: {
                guard failures > 0 else { return }
                throw DriverError(
                    "use", "the marketplace", cause: "\(failures) of \(count) checks have failed",
                    remedy: "do what their lines say, and run it again")
            })
    }
}
