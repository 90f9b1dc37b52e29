import DriverProtocol
import Glibc

@testable import ImageTransfer

/// A log that nobody reads.
let silent = Log(action: "test", id: "0") { _ in }

/// A sink that keeps its bytes, or throws after a number of them.
final class ListSink: ImageSink {
    struct Full: Error {}

    let name = "list"
    private(set) var bytes: [UInt8] = []
    private let limit: Int

    init(limit: Int = .max) {
        self.limit = limit
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        self.bytes += bytes
        if self.bytes.count > limit { throw Full() }
    }

    func skip(_ count: UInt64) throws {
        bytes += [UInt8](repeating: 0, count: Int(count))
    }

    func publish() throws -> String { "" }
    func discard() {}
}

/// Returns all bytes of a source, its holes as zeros, and the ranges of its data.
func contents(of source: any ImageSource, piece: Int = 1 << 20) throws -> (bytes: [UInt8], data: [Range<Int>]) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 16)
    defer { buffer.deallocate() }
    var bytes: [UInt8] = []
    var data: [Range<Int>] = []
    while true {
        switch try source.next(into: buffer) {
        case .data(let count):
            data.append(bytes.count..<bytes.count + count)
            // Of the slice itself, an array takes one byte after the other.
            bytes += UnsafeRawBufferPointer(rebasing: buffer[..<count])
        case .hole(let count): bytes += [UInt8](repeating: 0, count: Int(count))
        case .end: return (bytes, data)
        }
    }
}
