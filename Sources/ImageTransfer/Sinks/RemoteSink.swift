import DriverProtocol
import Posix

/// A file in a directory of a bridge host. Long runs of zeros are not sent and become holes.
package final class RemoteSink: ImageSink {
    /// The bytes that one `dd` on the host writes: as many as wait to be digested, so that the digest goes on while
    /// this is sent.
    private static let frameSize = 4 << 20
    /// The shortest run of zeros that is left out.
    private static let holeSize = 256 << 10

    package let name: String
    private let shell: RemoteShell
    private let names: ImageNames
    private let mode: UInt32
    private let log: Log
    private var frame: [UInt8] = []
    private var length: UInt64 = 0

    init(_ shell: RemoteShell, directory: String, _ names: ImageNames, mode: UInt32, log: Log) {
        self.shell = shell
        self.log = log
        self.names = names
        self.mode = mode
        name = directory
        frame.reserveCapacity(Self.frameSize)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try ZeroRuns(bytes: bytes, unit: Self.holeSize).forEach { run in
            frame.append(contentsOf: run)
            length += UInt64(run.count)
            if frame.count >= Self.frameSize { try flush() }
        } zeros: { count in
            try skip(UInt64(count))
        }
    }

    package func skip(_ count: UInt64) throws {
        try flush()
        length += count
    }

    private func flush() throws {
        guard !frame.isEmpty else { return }
        try sending {
            try shell.send("data \(length - UInt64(frame.count)) \(frame.count)\n".utf8)
            try frame.withUnsafeBytes { try shell.send($0) }
        }
        frame.removeAll(keepingCapacity: true)
    }

    package func publish() throws -> String {
        try flush()
        return try sending {
            try shell.send("end \(length)\n".utf8)
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

    /// Nothing to do: the script removes its file when the connection ends before the last name.
    package func discard() {}

    private func sending<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as RemoteFailure {
            throw failure.error("write", "an image to \(quoted(name))")
        }
    }
}
