import DriverProtocol
import Posix

/// A file that a host sends over ssh: the source `ssh://HOST:PATH`.
final class RemoteSource: ImageSource {
    let name: String
    let length: UInt64?
    private let size: UInt64
    private let shell: RemoteShell
    private var received: UInt64 = 0

    /// - Parameter location: what stands behind `ssh://`.
    init(location: String, settings: Settings, log: Log) throws {
        name = "ssh://" + location
        guard let colon = Self.colon(of: location), location.index(after: colon) < location.endIndex else {
            throw readError(name, cause: "it names no path", remedy: "write ssh://HOST:PATH")
        }
        let path = String(location[location.index(after: colon)...])
        guard path.hasPrefix("/") else {
            throw readError(name, cause: "\(quoted(path)) is no absolute path", remedy: "write ssh://HOST:/PATH")
        }
        let host = String(location[..<colon])
        do {
            shell = try BridgeHosts(host: host, settings: settings, log: log).run(RemoteScript.read, ["/", path])
            guard let size = UInt64(try shell.answer("size").first ?? "") else {
                throw RemoteFailure(host: host, reason: "its size is unknown")
            }
            self.size = size
        } catch let failure as RemoteFailure {
            throw failure.error("read", "the image \(quoted(path))")
        }
        length = size
    }

    /// The colon between host and path: the first one outside of an address in brackets.
    private static func colon(of location: String) -> String.Index? {
        guard location.hasPrefix("[") || location.contains("@[") else { return location.firstIndex(of: ":") }
        return location.firstIndex(of: "]").flatMap { location[$0...].firstIndex(of: ":") }
    }

    var storageSize: UInt64? { length }

    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        guard received < size else {
            try checkUnchanged()
            return .end
        }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, Int(clamping: size - received))])
        let count = try shell.read(into: part)
        received += UInt64(count)
        guard count > 0 else {
            throw readError(
                name, cause: "\(received) of \(size) bytes came: \(try shell.failure())",
                remedy: "check the network and that nothing writes to the image, and try again")
        }
        return .data(count)
    }

    private func checkUnchanged() throws {
        let word: String?
        do {
            word = try shell.answer().first
        } catch let failure as RemoteFailure {
            word = failure.reason
        }
        guard word != "same" else { return }
        throw readError(
            name, cause: word == "changed" ? "it was changed while it was read" : word ?? "",
            remedy: "leave the image alone until the import has ended")
    }
}

/// A file in a directory of a bridge host. Long runs of zeros are not sent and become holes.
final class RemoteSink: ImageSink {
    /// What one `dd` on the host writes.
    private static let frameSize = 8 << 20
    /// The shortest run of zeros that is left out.
    private static let holeSize = 256 << 10

    let name: String
    private let shell: RemoteShell
    private var frame: [UInt8] = []
    private var length: UInt64 = 0

    init(_ shell: RemoteShell, directory: String) {
        self.shell = shell
        name = directory
        frame.reserveCapacity(Self.frameSize)
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        try ZeroRuns(bytes: bytes, unit: Self.holeSize).forEach { run in
            frame.append(contentsOf: run)
            length += UInt64(run.count)
            if frame.count >= Self.frameSize { try flush() }
        } zeros: { count in
            try skip(UInt64(count))
        }
    }

    func skip(_ count: UInt64) throws {
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

    func publish(as names: some Sequence<String>, mode: UInt32) throws -> String {
        try flush()
        return try sending {
            try shell.send("end \(length)\n".utf8)
            _ = try shell.answer("stored")
            try shell.send("mode \(String(mode, radix: 8))\n".utf8)
            for name in names {
                try shell.send(RemoteScript.argument(name))
                // From here on the host may have published it: a signal must not keep us from knowing.
                if try Interrupt.holding({ try shell.answer().first }) == "published" { return name }
            }
            throw RemoteFailure(host: shell.host, reason: "no name is free")
        }
    }

    /// Nothing to do: the script removes its file when the connection ends before the last name.
    func discard() {}

    private func sending<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let failure as RemoteFailure {
            throw failure.error("write", "an image to \(quoted(name))")
        }
    }
}

/// An image on a bridge host, without its data.
public struct RemoteImage: Sendable {
    public let host: String
    /// Bytes.
    public let size: UInt64
    /// The image's first bytes.
    public let head: [UInt8]
    /// Nil where it was not asked for.
    public let md5: String?
}

extension BridgeHosts {
    /// Looks at the image at `path`, which must lie in `directory` once links are resolved. Where `md5` is set, the
    /// host reads all of it.
    public func inspect(_ path: String, in directory: String, md5: Bool) throws -> RemoteImage {
        guard path.hasPrefix("/") else {
            throw readError(path, cause: "it is no absolute path", remedy: "correct the image's SOURCE")
        }
        do {
            let shell = try run(RemoteScript.inspect, [directory, path, md5 ? "md5" : ""])
            let words = try shell.answer("image")
            guard words.count == 3, let size = UInt64(words[0]) else {
                throw RemoteFailure(host: shell.host, reason: "its size is unknown")
            }
            return RemoteImage(
                host: shell.host, size: size, head: Self.bytes(ofHexadecimal: words[1]), md5: md5 ? words[2] : nil)
        } catch let failure as RemoteFailure {
            throw failure.error("read", "the image \(quoted(path))")
        }
    }

    private static func bytes(ofHexadecimal text: String) -> [UInt8] {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - digits.count % 2, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}
