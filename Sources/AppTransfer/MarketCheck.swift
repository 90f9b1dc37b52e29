import Checksums
import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// `market/*/check`: tries, one by one, what a marketplace's actions need, for a person at a terminal. oned never asks for
/// it.
package struct MarketCheck {
    private let write: (String) throws -> Void
    private var count = 0
    private var failures = 0

    /// - Parameter write: takes a line, when it is known: what is tried next may take minutes.
    package init(
        write: @escaping (String) throws -> Void = { try FileDescriptor.standardOutput.writeAll(Array($0.utf8)) }
    ) {
        self.write = write
    }

    /// Tries one thing. Returns the result of `body`, or nil if it threw a reason, which becomes the line. A signal ends
    /// the check.
    ///
    /// - Parameters:
    ///   - name: what is tried.
    ///   - found: says what was found, in a few words.
    package mutating func trying<Found>(
        _ name: String, _ body: () throws -> Found, found: (Found) -> String
    ) throws -> Found? {
        try Interrupt.check()
        count += 1
        do {
            let result = try body()
            try add("ok", name, found(result))
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
    private static let colours = ["ok": 32, "FAILED": 31, "note": 33]

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

/// The bytes that a check writes and reads again.
package final class Probe: ImageSource {
    package let name = "the probe"
    package let length: UInt64?
    private var rest: Int

    /// - Parameter length: in bytes.
    package init(length: Int) {
        self.length = UInt64(length)
        rest = length
    }

    package var storageSize: UInt64? { length }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = min(rest, buffer.count)
        for index in 0..<count { buffer[index] = UInt8(truncatingIfNeeded: (rest - index) &* 31) }
        rest -= count
        return count > 0 ? .data(count) : .end
    }

    /// Copies it into `sink`, and publishes that. Returns its MD5.
    package func publish(into sink: any ImageSink, log: Log) throws -> String {
        do {
            let copied = try ImageCopy(self, expected: ExpectedDigests(), log: log).run(into: sink)
            _ = try sink.publish()
            return copied.source[.md5] ?? ""
        } catch {
            sink.discard()
            throw error
        }
    }

    /// Throws unless what comes from `source` has that MD5.
    package static func compare(_ source: any ImageSource, md5: String, log: Log) throws {
        let found = try Digest(.md5).finish(reading: source, log: log)
        guard found == md5 else {
            throw readError(
                source.name, cause: "it is not what was written there a moment ago",
                remedy: "see that it is served from the same place, and not from a cache")
        }
    }
}
