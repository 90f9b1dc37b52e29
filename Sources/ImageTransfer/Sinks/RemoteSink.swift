import DriverProtocol
import Posix

/// A file in a directory of a bridge host. Long runs of zeros are not sent and become holes.
package final class RemoteSink: ImageSink {
    /// The fewest bytes of a frame, which one `dd` on the host writes: to start it takes as long as to send half as many.
    private static let leastFrame: UInt64 = 1 << 20
    /// The most bytes of a frame where zeros that come as data are left out.
    private static let largestFrame: UInt64 = 16 << 20
    /// The shortest run of zeros that is left out.
    private static let holeSize = 256 << 10
    private static let zeros = [UInt8](repeating: 0, count: holeSize)

    package let name: String
    private let shell: RemoteShell
    private let names: ImageNames
    private let mode: UInt32
    private let log: Log
    private let frameLimit: UInt64
    private let allocates: Bool
    /// The bytes that the host still waits for before it takes anything else.
    private var awaited: UInt64 = 0
    /// The bytes that have come since the last hole.
    private var run: UInt64 = 0
    private var length: UInt64 = 0

    /// - Parameters:
    ///   - writesZeros: whether the host writes zeros that come as data.
    ///   - allocates: whether all zeros get room in the end.
    init(
        _ shell: RemoteShell, directory: String, _ names: ImageNames, mode: UInt32, writesZeros: Bool, allocates: Bool,
        log: Log
    ) {
        self.shell = shell
        self.log = log
        self.names = names
        self.mode = mode
        self.allocates = allocates
        name = directory
        frameLimit = writesZeros ? Self.leastFrame : Self.largestFrame
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try ZeroRuns(bytes: bytes, unit: Self.holeSize).forEach { run in
            try sending { try send(run) }
        } zeros: { count in
            try skip(UInt64(count))
        }
    }

    package func skip(_ count: UInt64) throws {
        try sending { try fill(min(count, awaited)) }
        length = try imageLength(length, and: count, of: "an image to \(quoted(name))")
        run = 0
    }

    /// Sends bytes as they come. A frame's length has to be told before it is known where the next hole begins: a
    /// quarter of what has come since the last one.
    private func send(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            if awaited == 0 {
                awaited = min(max(run / 4, Self.leastFrame), frameLimit)
                try shell.send("data \(length) \(awaited)\n".utf8)
            }
            let part = rest.prefix(Int(awaited))
            try shell.send(UnsafeRawBufferPointer(rebasing: part))
            rest = rest[part.endIndex...]
            length += UInt64(part.count)
            run += UInt64(part.count)
            awaited -= UInt64(part.count)
        }
    }

    /// Sends zeros as a part of the frame that has begun.
    private func fill(_ count: UInt64) throws {
        var rest = count
        while rest > 0 {
            let part = Self.zeros.prefix(Int(min(rest, UInt64(Self.zeros.count))))
            try part.withUnsafeBytes { try shell.send($0) }
            rest -= UInt64(part.count)
        }
        awaited -= count
    }

    package func publish() throws -> String {
        try sending {
            try fill(awaited)
            try shell.send("end \(length)\(allocates ? " full" : "")\n".utf8)
            _ = try shell.answer("stored")
            try shell.send("mode \(String(mode, radix: 8))\n".utf8)
            for name in names {
                try shell.send(RemoteScript.argument(name))
                // From here on the host may have published it: a signal must not prevent the process from learning
                // that.
                if try Interrupt.holding({ try isPublished(name) }) { return name }
            }
            throw RemoteFailure(host: shell.host, reason: "no name is free")
        }
    }

    /// Returns whether the host has given the file that name. The host may first report that the file does not get its
    /// mode.
    private func isPublished(_ name: String) throws -> Bool {
        let answer = try shell.answer()
        guard answer.first == "unset" else { return answer.first == "published" }
        let cause = answer.dropFirst().joined(separator: " ")
        log.warning(modeWarning(name, in: "\(shell.host):\(self.name)", mode: mode, cause: cause))
        return try shell.answer().first == "published"
    }

    /// Waits until the script has removed what it has written, which it does when the connection ends before the last
    /// name.
    package func discard() {
        Interrupt.holding { shell.end(within: RemoteDirectory.removalTime) }
    }

    private func sending<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as RemoteFailure {
            throw failure.error("write", "an image to \(quoted(name))")
        }
    }
}
