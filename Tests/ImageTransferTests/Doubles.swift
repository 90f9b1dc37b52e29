import DriverProtocol
import Foundation
import Glibc
import Posix
import Testing

@testable import ImageTransfer

/// A log that nobody reads.
let silent = Log(action: "test", id: "0") { _ in }

/// A source out of a list of segments, its data handed out in pieces of at most `piece` bytes.
final class ListSource: ImageSource {
    enum Part {
        case data([UInt8])
        case hole(UInt64)
    }

    let name = "list"
    var length: UInt64? { nil }
    var storageSize: UInt64? { nil }
    private var parts: [Part]
    private let piece: Int

    init(_ parts: [Part], piece: Int = .max) {
        self.parts = parts.reversed()
        self.piece = piece
    }

    func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        switch parts.popLast() {
        case nil: return .end
        case .hole(let count): return .hole(count)
        case .data(let bytes):
            let count = min(bytes.count, buffer.count, piece)
            buffer.copyBytes(from: bytes[..<count])
            if count < bytes.count { parts.append(.data(Array(bytes[count...]))) }
            return .data(count)
        }
    }
}

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
            bytes += buffer[..<count]
        case .hole(let count): bytes += [UInt8](repeating: 0, count: Int(count))
        case .end: return (bytes, data)
        }
    }
}
