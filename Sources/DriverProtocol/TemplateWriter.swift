import XML

/// The writing half of ``Template``. It works on bytes: a report may have tens of megabytes.
///
/// A value that oned would not read back unchanged is changed as ``Template/representable(_:)`` says. Methods that take
/// a value return whether it could be written unchanged.
package struct TemplateWriter {
    /// The bytes written, and room for more.
    private var storage: [UInt8]
    private var count = 0
    private let quotesAreEscaped: Bool
    /// The number of pairs written of a vector that is not yet ended.
    private var pairs: Int?
    /// The beginning of that vector.
    private var vectorStart = 0

    /// - Parameters:
    ///   - room: the number of bytes to make room for at first.
    ///   - quotesAreEscaped: whether quotation marks in values may have the backslash before them already.
    package init(room: Int = 256, quotesAreEscaped: Bool = false) {
        storage = [UInt8](repeating: 0, count: room)
        self.quotesAreEscaped = quotesAreEscaped
    }

    /// The bytes written.
    package var bytes: ArraySlice<UInt8> { storage[..<count] }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Writes a line for the attribute, its name in capitals; between ``beginVector(_:)`` and ``endVector()``, a pair
    /// of the vector. The value must be UTF-8.
    package mutating func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        makeRoom(name.count + 2 * value.count + 8)
        if let written = pairs {
            if written > 0 { put(UInt8(ascii: ",")) }
            pairs = written + 1
        }
        put(name: name)
        put(UInt8(ascii: "\""))
        let isUnchanged = put(value, inQuotes: true)
        put(UInt8(ascii: "\""))
        if pairs == nil { put(0x0A) }
        return isUnchanged
    }

    package mutating func beginVector(_ name: UnsafeBufferPointer<UInt8>) {
        makeRoom(name.count + 2)
        vectorStart = count
        put(name: name)
        put(UInt8(ascii: "["))
        pairs = 0
    }

    /// Ends the vector. One without a pair is removed unless `keepsEmpty`.
    package mutating func endVector(keepsEmpty: Bool = true) {
        if pairs == 0, !keepsEmpty {
            count = vectorStart
            pairs = nil
            return
        }
        makeRoom(2)
        put(UInt8(ascii: "]"))
        put(0x0A)
        pairs = nil
    }

    mutating func append(_ attribute: Template.Attribute) {
        switch attribute.value {
        case .text(let value): append(attribute.name, value)
        case .vector(let pairs):
            var name = attribute.name
            name.withUTF8 { beginVector($0) }
            for pair in pairs { append(pair.name, pair.value) }
            endVector()
        }
    }

    private mutating func append(_ name: String, _ value: String) {
        var (name, value) = (name, value)
        name.withUTF8 { name in value.withUTF8 { value in _ = append(name, value) } }
    }

    /// Writes what can be written of `value`, without quotation marks around it: see ``Template/representable(_:)``.
    mutating func append(representable value: String) {
        var value = value
        value.withUTF8 { value in
            makeRoom(2 * value.count + 8)
            _ = put(value, inQuotes: false)
        }
    }

    // MARK: With room made

    private mutating func makeRoom(_ room: Int) {
        guard storage.count - count < room else { return }
        storage += repeatElement(0, count: storage.count + room)
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        storage[count] = byte
        count += 1
    }

    private mutating func put(name: UnsafeBufferPointer<UInt8>) {
        let start = count
        storage.withUnsafeMutableBufferPointer { storage in
            for (position, byte) in name.enumerated() {
                storage[start + position] = byte &- UInt8(ascii: "a") < 26 ? byte & ~0x20 : byte
            }
        }
        count += name.count
        put(UInt8(ascii: "="))
    }

    private mutating func put(_ value: UnsafeBufferPointer<UInt8>, inQuotes: Bool) -> Bool {
        let (start, escapesEach) = (count, !quotesAreEscaped)
        let written = storage.withUnsafeMutableBufferPointer { storage in
            RepresentableText(storage.baseAddress! + start, inQuotes: inQuotes, escapesEachQuote: escapesEach)
                .writing(value)
        }
        count += written.count
        return written.isUnchanged
    }
}

/// A value in the form in which it is written to a template.
private struct RepresentableText {
    private let target: UnsafeMutablePointer<UInt8>
    private let inQuotes: Bool
    private let escapesEachQuote: Bool
    private(set) var count = 0
    /// Whether oned reads the value back unchanged.
    private(set) var isUnchanged = true

    init(_ target: UnsafeMutablePointer<UInt8>, inQuotes: Bool, escapesEachQuote: Bool) {
        self.target = target
        self.inQuotes = inQuotes
        self.escapesEachQuote = escapesEachQuote
    }

    /// Writes `value`. There must be room for twice its size and a byte.
    consuming func writing(_ value: UnsafeBufferPointer<UInt8>) -> RepresentableText {
        var offset = 0
        while true {
            copyPlainText(of: value, from: &offset)
            guard offset < value.count else { break }
            let omitted = Self.omittedLength(value, at: offset)
            if omitted == 0 {
                put(special: value[offset])
            } else {
                isUnchanged = false
            }
            offset += max(1, omitted)
        }
        if count > 0, target[count - 1] == UInt8(ascii: "\\") { putSpace() }
        return self
    }

    private mutating func put(special byte: UInt8) {
        if byte == UInt8(ascii: ">"), count >= 2, target[count - 1] == UInt8(ascii: "]"),
            target[count - 2] == UInt8(ascii: "]")
        {
            putSpace()
        } else if byte == UInt8(ascii: "\""), inQuotes,
            escapesEachQuote || count == 0 || target[count - 1] != UInt8(ascii: "\\")
        {
            put(UInt8(ascii: "\\"))
        }
        put(byte)
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        target[count] = byte
        count += 1
    }

    private mutating func putSpace() {
        put(0x20)
        isUnchanged = false
    }

    /// Copies up to the first byte that can't simply be copied.
    @inline(__always)
    private mutating func copyPlainText(of value: UnsafeBufferPointer<UInt8>, from offset: inout Int) {
        while offset + 8 <= value.count {
            let word = UnsafeRawPointer(value.baseAddress! + offset).loadUnaligned(as: UInt64.self)
            guard !Self.maySpecial(in: word) else { break }
            UnsafeMutableRawPointer(target + count).storeBytes(of: word, as: UInt64.self)
            count += 8
            offset += 8
        }
        while offset < value.count, !Self.isSpecial(value[offset]) {
            put(value[offset])
            offset += 1
        }
    }

    /// Whether the byte can't simply be copied, or begins a character of which this may be true.
    @inline(__always)
    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x22 || byte == 0x3E || byte == 0x7F || byte == 0xC2 || byte == 0xEF
    }

    /// Whether one of eight bytes may be special; false if all are ASCII and none is.
    @inline(__always)
    private static func maySpecial(in word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let (quotes, ends) = (word ^ ones &* 0x22, word ^ ones &* 0x3E)
        let found =
            (word &- ones &* 0x20) & ~word | (quotes &- ones) & ~quotes | (ends &- ones) & ~ends | word
            | (word &+ ones)
        return found & (ones &* 0x80) != 0
    }

    /// Returns the length in bytes of the character at `offset` if it cannot be written, else 0.
    private static func omittedLength(_ value: UnsafeBufferPointer<UInt8>, at offset: Int) -> Int {
        if value[offset] == 0x7F { return 1 }
        if value[offset] == 0xC2, value[offset + 1] < 0xA0 { return 2 }
        return XMLCharacters.forbiddenLength(value, at: offset)
    }
}
