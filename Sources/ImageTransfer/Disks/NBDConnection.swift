import Posix

/// A client's side of the Network Block Device protocol, as its "The NBD protocol" defines it: newstyle negotiation,
/// structured replies, and which parts of a disk are zeros (`base:allocation`). Requests are answered one by one.
struct NBDConnection {
    /// What the server says is not what it has to say.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// A part of the disk.
    struct Extent: Equatable {
        let length: UInt64
        let isZero: Bool
    }

    private static let optionMagic: UInt64 = 0x4948_4156_454F_5054
    private static let optionReplyMagic: UInt64 = 0x0003_E889_0455_65A9
    private static let requestMagic: UInt64 = 0x2560_9513
    private static let chunkMagic: UInt64 = 0x668E_33EF
    private static let context = Array("base:allocation".utf8)
    /// The longest of a server's responses beside data.
    private static let answerLimit: UInt64 = 1 << 20
    /// The longest request that every server takes, on a multiple of what any of them wants.
    private static let longestRequest: UInt64 = 1 << 30

    private let socket: FileDescriptor
    /// Bytes of the disk.
    private(set) var size: UInt64 = 0

    /// Negotiates. Throws ``Malformed``, `SystemError` or `Interrupted`.
    init(_ socket: FileDescriptor) throws {
        self.socket = socket
        guard try number(8) == 0x4E42_444D_4147_4943, try number(8) == Self.optionMagic else {
            throw Malformed(description: "it does not greet")
        }
        _ = try number(2)
        // Fixed newstyle, no padding.
        try send(Self.bytes(3, 4))
        try ask(8, [])
        try ask(10, Self.bytes(0, 4) + Self.bytes(1, 4) + Self.bytes(UInt64(Self.context.count), 4) + Self.context)
        var found: UInt64?
        try ask(7, Self.bytes(0, 4) + Self.bytes(0, 2)) { kind, answer in
            // NBD_REP_INFO with NBD_INFO_EXPORT.
            if kind == 3, answer.count >= 10, answer.starts(with: [0, 0]) { found = Self.number(answer[2..<10]) }
        }
        guard let found, found <= UInt64(Int64.max) else { throw Malformed(description: "it tells no size") }
        size = found
    }

    /// Asks for an option, whose responses before the last go to `body`.
    private func ask(_ option: UInt64, _ data: [UInt8], _ body: (UInt64, [UInt8]) -> Void = { _, _ in }) throws {
        try send(Self.bytes(Self.optionMagic, 8) + Self.bytes(option, 4) + Self.bytes(UInt64(data.count), 4) + data)
        while true {
            guard try number(8) == Self.optionReplyMagic, try number(4) == option else {
                throw Malformed(description: "it answers another option")
            }
            let kind = try number(4)
            let answer = try read(number(4))
            if kind == 1 { return }
            guard kind < 1 << 31 else {
                throw Malformed(description: "it refuses an option: \(String(decoding: answer, as: UTF8.self))")
            }
            body(kind, answer)
        }
    }

    /// Returns what the disk has from `offset` on, no further than to its end; at least one part.
    func extents(from offset: UInt64) throws -> [Extent] {
        var extents: [Extent] = []
        let end = min(size - offset, Self.longestRequest)
        try request(7, offset, end) { kind, answer in
            guard kind == 5, answer.count >= 12, answer.count % 8 == 4 else { return }
            extents = stride(from: 4, to: answer.count, by: 8).map { start in
                let flags = Self.number(answer[(start + 4)..<(start + 8)])
                return Extent(length: Self.number(answer[start..<(start + 4)]), isZero: flags & 2 != 0)
            }
        }
        guard !extents.isEmpty, extents.allSatisfy({ $0.length > 0 }) else {
            throw Malformed(description: "it does not tell where data is")
        }
        return extents
    }

    /// Fills `buffer` with what the disk has at `offset`.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws {
        // What is not mentioned is zero.
        _ = buffer.initializeMemory(as: UInt8.self, repeating: 0)
        try request(0, offset, UInt64(buffer.count)) { kind, answer in
            guard kind == 1, answer.count >= 8 else { return }
            let (place, isBefore) = Self.number(answer[..<8]).subtractingReportingOverflow(offset)
            let data = answer[8...]
            guard !isBefore, place <= UInt64(buffer.count), data.count <= buffer.count - Int(place) else {
                throw Malformed(description: "it sends data that was not asked for")
            }
            UnsafeMutableRawBufferPointer(rebasing: buffer[Int(place)...]).copyBytes(from: data)
        }
    }

    /// Says that nothing more is wanted.
    func disconnect() {
        try? send(Self.request(2, 0, 0))
    }

    /// Sends a request, whose responses go to `body`.
    private func request(
        _ command: UInt64, _ offset: UInt64, _ length: UInt64, _ body: (UInt64, [UInt8]) throws -> Void
    ) throws {
        try send(Self.request(command, offset, length))
        var isDone = false
        while !isDone {
            guard try number(4) == Self.chunkMagic else { throw Malformed(description: "it does not answer in chunks") }
            isDone = try number(2) & 1 != 0
            let kind = try number(2)
            _ = try number(8)
            let answer = try read(number(4), limit: max(length, Self.answerLimit) + 8)
            guard kind < 1 << 15 else {
                throw Malformed(description: "it cannot read the image: error \(Self.number(answer.prefix(4)))")
            }
            try body(kind, answer)
        }
    }

    private static func request(_ command: UInt64, _ offset: UInt64, _ length: UInt64) -> [UInt8] {
        bytes(requestMagic, 4) + bytes(0, 2) + bytes(command, 2) + bytes(0, 8) + bytes(offset, 8) + bytes(length, 4)
    }

    // MARK: Bytes

    /// Returns a number as the protocol has it, its highest byte first.
    private static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try socket.writeWaiting($0) }
    }

    private func number(_ count: UInt64) throws -> UInt64 { Self.number(try read(count)) }

    private func read(_ count: UInt64, limit: UInt64 = answerLimit) throws -> [UInt8] {
        guard count <= limit else { throw Malformed(description: "it sends \(count) bytes at once") }
        var done = 0
        return try [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
            let buffer = UnsafeMutableRawBufferPointer(buffer)
            while done < count {
                let read = try socket.readAvailable(
                    into: UnsafeMutableRawBufferPointer(rebasing: buffer[done..<Int(count)]))
                guard read > 0 else { throw Malformed(description: "it has ended") }
                done += read
                initialized = done
            }
        }
    }
}
