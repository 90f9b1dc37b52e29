/// The writing half of ``Template``. It works on bytes: a report may have tens of megabytes.
struct TemplateWriter {
    private(set) var bytes: [UInt8] = []

    init(room: Int = 0) {
        bytes.reserveCapacity(room)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// A line for the attribute.
    mutating func append(_ attribute: Template.Attribute) {
        bytes += attribute.name.utf8
        switch attribute.value {
        case .text(let value):
            append(quoted: value)
        case .vector(let pairs):
            bytes += "=[".utf8
            for (position, pair) in pairs.enumerated() {
                if position > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes += pair.name.utf8
                append(quoted: pair.value)
            }
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(0x0A)
    }

    private mutating func append(quoted value: String) {
        bytes += "=\"".utf8
        append(representable: value, escapingQuotes: true)
        bytes.append(UInt8(ascii: "\""))
    }

    /// What can be written of `value`: see ``Template/representable(_:)``.
    mutating func append(representable value: String, escapingQuotes: Bool = false) {
        var value = value
        value.withUTF8 { append($0, escapingQuotes: escapingQuotes) }
    }

    private mutating func append(_ value: UnsafeBufferPointer<UInt8>, escapingQuotes: Bool) {
        let start = bytes.count
        var offset = 0
        // A global is looked up anew each time.
        let isSpecial = Self.isSpecial
        while offset < value.count {
            let run = value[offset...].prefix { !isSpecial[Int($0)] }
            bytes.append(contentsOf: run)
            offset = run.endIndex
            guard offset < value.count else { break }
            let omitted = Self.omittedLength(value, at: offset)
            if omitted == 0 { append(special: value[offset], since: start, escapingQuotes: escapingQuotes) }
            offset += max(1, omitted)
        }
        if bytes.count > start, bytes.last == UInt8(ascii: "\\") { bytes.append(0x20) }
    }

    private mutating func append(special byte: UInt8, since start: Int, escapingQuotes: Bool) {
        if byte == UInt8(ascii: "\""), escapingQuotes {
            bytes.append(UInt8(ascii: "\\"))
        } else if byte == UInt8(ascii: ">"), bytes.count - start >= 2, bytes.suffix(2).elementsEqual("]]".utf8) {
            bytes.append(0x20)
        }
        bytes.append(byte)
    }

    /// The bytes that can't simply be copied, or that begin a character of which this may be true.
    private static let isSpecial: [Bool] = (0...255).map { byte in
        byte < 0x20 || [0x22, 0x3E, 0x7F, 0xC2, 0xEF].contains(byte)
    }

    /// How many bytes the character at `offset` has, if it cannot be written; 0 where it can.
    private static func omittedLength(_ value: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int {
        if value[offset] == 0x7F { return 1 }
        if value[offset] == 0xC2, value[offset + 1] < 0xA0 { return 2 }
        return forbiddenLength(value, at: offset)
    }
}
