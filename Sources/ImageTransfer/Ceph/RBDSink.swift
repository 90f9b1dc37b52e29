import DriverProtocol
import Glibc
import Posix

/// A new image in a pool. It is written under a temporary name, as `rbd import-diff` reads it: zeros are not sent and
/// take no room, and its length need not be known beforehand.
package final class RBDSink: ImageSink {
    /// What one write covers: an object of the image, as large as Ceph makes them by default.
    private static let objectSize: UInt64 = 4 << 20
    /// The shortest run of zeros that is left out.
    private static let holeSize = 64 << 10
    /// How large an image is made at first, and by how much more at the least: it doubles then.
    private static let step: UInt64 = 1 << 30
    /// Seconds that the host may take to remove what was written; if Ceph does not answer, it cannot.
    private static let removalTime: (usual: Double, stalled: Double) = (60, 5)

    package let name: String
    private let image: String
    private let shell: RemoteShell
    private let space: CephSpace?
    private var frame: [UInt8] = []
    private var length: UInt64 = 0
    /// How large the image is by now.
    private var capacity: UInt64 = 0
    private var stored: UInt64 = 0
    private var isOver = false
    private var hasStalled = false
    private let timeout: Double

    /// Begins an image that is going to be `POOL/NAME`. Throws a ``DriverError`` if there is one of that name already.
    ///
    /// - Parameters:
    ///   - dataPool: the pool for its data, if that is not the pool itself: `--data-pool`.
    ///   - format: `--image-format`; nil leaves it to Ceph.
    package init(_ cluster: CephCluster, pool: String, name: String, dataPool: String?, format: String?) throws {
        let image = pool + "/" + name
        self.image = image
        timeout = Double(cluster.timeout)
        self.name = "the pool " + pool
        let part = "market-drivers-\(time(nil))-\(randomName()).part"
        (shell, space) = try CephCluster.explaining("write", "the image \(quoted(image))") {
            let shell = try cluster.run(
                RemoteScript.rbdStore, pool: pool, [dataPool ?? "", format ?? "", part, name])
            do {
                let space = CephSpace(try shell.answer("room"), pool: dataPool ?? pool)
                // A pool that is full would keep us waiting, and could not be rid of the image.
                try Self.check(space, for: 1, of: image)
                try shell.send(RemoteScript.argument("create"))
                _ = try shell.answer("created")
                try shell.send("rbd diff v1\n".utf8)
                return (shell, space)
            } catch {
                // It may have been made by then.
                Interrupt.holding { shell.end(within: Self.removalTime.usual) }
                throw error
            }
        }
        frame.reserveCapacity(Int(Self.objectSize))
    }

    deinit {
        discard()
    }

    /// Throws a ``DriverError`` unless `needed` bytes have room; nil if that is not known.
    package func checkRoom(for needed: UInt64?) throws(DriverError) {
        if let needed { try Self.check(space, for: needed, of: image) }
    }

    private static func check(_ space: CephSpace?, for needed: UInt64, of image: String) throws(DriverError) {
        guard let space, needed > space.available else { return }
        throw DriverError(
            "write", "the image \(quoted(image))",
            cause: "\(needed.megabytesRoundedUp) MB are needed and \(space.available >> 20) MB are free in the pool",
            remedy: "remove images, raise the pool's quota if it has one, or add disks")
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        try ZeroRuns(bytes: bytes, unit: Self.holeSize).forEach { run in
            var rest = run
            while !rest.isEmpty {
                let room = Self.objectSize - length % Self.objectSize
                let part = UnsafeRawBufferPointer(rebasing: rest[..<min(rest.count, Int(room))])
                frame.append(contentsOf: part)
                length += UInt64(part.count)
                rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
                if length.isMultiple(of: Self.objectSize) { try flush() }
            }
        } zeros: { count in
            try skip(UInt64(count))
        }
    }

    package func skip(_ count: UInt64) throws {
        try flush()
        length = try imageLength(length, and: count, of: "the image \(quoted(image))")
    }

    private func flush() throws {
        guard !frame.isEmpty else { return }
        stored += UInt64(frame.count)
        // A pool that is full keeps its clients waiting, and does not even let them remove an image: it must not come
        // to that.
        try checkRoom(for: stored)
        try sending {
            if length > capacity { try resize(max(length, capacity.multipliedClamped(by: 2), Self.step)) }
            try shell.send(record("w", length - UInt64(frame.count), UInt64(frame.count)), stall: timeout)
            try frame.withUnsafeBytes { try shell.send($0, stall: timeout) }
        }
        frame.removeAll(keepingCapacity: true)
    }

    private func resize(_ size: UInt64) throws {
        capacity = min(size, UInt64(Int64.max))
        try shell.send(record("s", capacity), stall: timeout)
    }

    /// Returns a record of the format "rbd diff v1": a letter and numbers of 64 bits.
    private func record(_ tag: Unicode.Scalar, _ numbers: UInt64...) -> [UInt8] {
        [UInt8(ascii: tag)]
            + numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
    }

    package func publish() throws -> String {
        try flush()
        return try sending {
            try resize(length)
            try Interrupt.check()
            // From here on the host may have published it: a signal must not keep us from knowing.
            return try Interrupt.holding {
                try shell.send(record("e"), stall: timeout)
                _ = try shell.answer("published")
                isOver = true
                return image
            }
        }
    }

    /// Waits until the script has removed what it has written.
    package func discard() {
        guard !isOver else { return }
        isOver = true
        Interrupt.holding { shell.end(within: hasStalled ? Self.removalTime.stalled : Self.removalTime.usual) }
    }

    private func sending<Result>(_ body: () throws -> Result) throws -> Result {
        try CephCluster.explaining("write", "the image \(quoted(image))") {
            do {
                return try body()
            } catch let error as SystemError where error.code == ETIMEDOUT {
                hasStalled = true
                let problem = RBDProblem.noAnswer
                throw DriverError(
                    "write", "the image \(quoted(image)) on host \(shell.host)", cause: problem.cause,
                    remedy: problem.remedy, underlying: error)
            }
        }
    }
}
