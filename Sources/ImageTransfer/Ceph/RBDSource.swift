import DriverProtocol

/// An image of a Ceph cluster, as `rbd export-diff` writes it: what was never written is not even read.
package final class RBDSource: ImageSource {
    private static let magic = Array("rbd diff v1\n".utf8)
    /// How long the name of a snapshot may be.
    private static let nameLimit: UInt64 = 4096

    package let name: String
    /// The host that it is read on, as a URL has it.
    package let host: String
    package let information: RBDInformation
    private let shell: RemoteShell
    private var hasBegun = false
    private var hasEnded = false
    /// How far the image has been handed over.
    private var position: UInt64 = 0
    /// The offset at which the next record may begin at the earliest.
    private var reached: UInt64 = 0
    /// What is left of the data of the last record.
    private var pending: UInt64 = 0

    /// Looks the image up. Throws a ``DriverError`` if it is not there.
    package init(_ image: RBDImage, in cluster: CephCluster) throws {
        name = RBDLocation.scheme + "\(image)"
        let arguments = [image.namespace ?? "", image.name, image.snapshot ?? ""]
        (shell, information) = try CephCluster.explaining("read", "the image \(quoted("\(image)"))") {
            let shell = try cluster.run(RemoteScript.rbdRead, pool: image.pool, arguments)
            return (shell, try Self.information(shell))
        }
        host = shell.location
    }

    /// Looks up the image of an ``RBDLocation``.
    package convenience init(_ location: Location, _ request: Request) throws {
        let location = try RBDLocation(location)
        let cluster = CephCluster(
            try BridgeHosts(host: location.host, request), location.credentials, request.settings, log: request.log)
        try self.init(location.image, in: cluster)
    }

    private static func information(_ shell: RemoteShell) throws -> RBDInformation {
        guard let found = RBDInformation(try shell.answer("image")) else {
            throw RemoteFailure(host: shell.host, reason: "rbd info answers what is no description")
        }
        return found
    }

    package var length: UInt64? { information.size }
    package var storageSize: UInt64? { nil }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        // rbd export-diff dies of an image that is empty.
        if hasEnded || information.size == 0 { return .end }
        if !hasBegun { try begin() }
        while pending == 0 {
            switch try bytes(1)[0] {
            case UInt8(ascii: "w"):
                let range = try range()
                pending = range.upperBound - range.lowerBound
                if range.lowerBound > position { return hole(to: range.lowerBound) }
            case UInt8(ascii: "z"): _ = try range()
            case UInt8(ascii: "s"): guard try number(8) == information.size else { throw changed }
            case UInt8(ascii: "f"), UInt8(ascii: "t"): try passOverName()
            case UInt8(ascii: "e"):
                try checkUnchanged()
                hasEnded = true
                return position < information.size ? hole(to: information.size) : .end
            case let kind: throw malformed("a record of the kind \(kind)")
            }
        }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, Int(clamping: pending))])
        let count = try read(into: part)
        pending -= UInt64(count)
        position += UInt64(count)
        return .data(count)
    }

    private func begin() throws {
        hasBegun = true
        try CephCluster.explaining("read", "the image \(quoted(name))") {
            try shell.send(RemoteScript.argument("read"))
        }
        guard try bytes(Self.magic.count) == Self.magic else { throw malformed("no header") }
    }

    private func hole(to end: UInt64) -> Segment {
        defer { position = end }
        return .hole(end - position)
    }

    /// An image that is removed meanwhile reads as zeros from there on, and rbd calls that a success.
    private func checkUnchanged() throws {
        let now = try CephCluster.explaining("read", "the image \(quoted(name))") { try Self.information(shell) }
        guard now == information else { throw changed }
    }

    private var changed: DriverError {
        readError(
            name, cause: "it was changed while it was read", remedy: "leave the image alone until the import has ended")
    }

    // MARK: The format "rbd diff v1"

    /// Reads the range of bytes that a record is about. Throws unless they lie in the image, and behind those of the record before.
    private func range() throws -> Range<UInt64> {
        let start = try number(8)
        let (end, overflow) = start.addingReportingOverflow(try number(8))
        guard !overflow, start >= reached, end <= information.size else {
            throw malformed("a record that is out of place")
        }
        reached = end
        return start..<end
    }

    private func passOverName() throws {
        let length = try number(4)
        guard length <= Self.nameLimit else { throw malformed("a name of \(length) bytes") }
        _ = try bytes(Int(length))
    }

    private func malformed(_ what: String) -> DriverError {
        readError(
            name, cause: "rbd export-diff wrote \(what)", remedy: "try rbd export-diff on host \(host) by hand")
    }

    /// Reads a number of `count` bytes, the lowest first.
    private func number(_ count: Int) throws -> UInt64 {
        try bytes(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { buffer in
            var read = 0
            while read < count { read += try self.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[read...])) }
        }
        return bytes
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try shell.read(into: buffer)
        guard count > 0 else {
            try CephCluster.explaining("read", "the image \(quoted(name))") {
                throw RemoteFailure(host: shell.host, reason: try shell.failure())
            }
            return 0
        }
        return count
    }
}
