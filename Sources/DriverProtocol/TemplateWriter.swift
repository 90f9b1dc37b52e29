/// The writing half of ``Template``. It works on bytes: a report may have tens of megabytes.
///
/// What oned would not read back as it was given is changed as ``Template/representable(_:)`` tells; each method that takes
/// a value answers whether it could be written as it is.
public struct TemplateWriter {
    /// What has been written.
    public private(set) var bytes: [UInt8] = []
    private let escapesEachQuote: Bool
    /// How many pairs have been written of the vector that is not yet ended.
    private var pairs: Int?

    /// - Parameters:
    ///   - room: how many bytes to make room for, for a start.
    ///   - quotesAreEscaped: whether quotation marks in values may have the backslash before them already.
    public init(room: Int = 0, quotesAreEscaped: Bool = false) {
        bytes.reserveCapacity(room)
        escapesEachQuote = !quotesAreEscaped
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Writes a line for the attribute; between ``beginVector(_:)`` and ``endVector()``, a pair of the vector. The name must
    /// be in capitals, and the value UTF-8.
    public mutating func append(_ name: String, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        if let count = pairs {
            if count > 0 { bytes.append(UInt8(ascii: ",")) }
            pairs = count + 1
        }
        put(name)
        put("=\"")
        let isUnchanged = append(representable: value, inQuotes: true)
        bytes.append(UInt8(ascii: "\""))
        if pairs == nil { bytes.append(0x0A) }
        return isUnchanged
    }

    /// As ``append(_:_:)-(_,UnsafeBufferPointer<UInt8>)``.
    public mutating func append(_ name: String, _ value: String) -> Bool {
        var value = value
        return value.withUTF8 { append(name, $0) }
    }

    public mutating func beginVector(_ name: String) {
        put(name)
        put("=[")
        pairs = 0
    }

    public mutating func endVector() {
        put("]\n")
        pairs = nil
    }

    /// Writes a line for an attribute that holds what another writer has written, in base64.
    public mutating func append(_ name: String, base64 content: some Collection<UInt8>) {
        put(name)
        put("=\"")
        bytes += Base64.encode(content)
        put("\"\n")
    }

    private mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ attribute: Template.Attribute) {
        switch attribute.value {
        case .text(let value): _ = append(attribute.name, value)
        case .vector(let pairs):
            beginVector(attribute.name)
            for pair in pairs { _ = append(pair.name, pair.value) }
            endVector()
        }
    }

    // MARK: Values

    /// What can be written of `value`, without quotation marks around it: see ``Template/representable(_:)``.
    mutating func append(representable value: String) {
        var value = value
        _ = value.withUTF8 { append(representable: $0, inQuotes: false) }
    }

    private mutating func append(representable value: UnsafeBufferPointer<UInt8>, inQuotes: Bool) -> Bool {
        let start = bytes.count
        var isUnchanged = true
        var offset = 0
        while true {
            let end = Self.endOfPlainText(in: value, from: offset)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: value[offset..<end]))
            guard end < value.count else { break }
            let omitted = Self.omittedLength(value, at: end)
            if omitted == 0 {
                let isAsItIs = append(special: value[end], since: start, inQuotes: inQuotes)
                isUnchanged = isUnchanged && isAsItIs
            } else {
                isUnchanged = false
            }
            offset = end + max(1, omitted)
        }
        guard bytes.count > start, bytes.last == UInt8(ascii: "\\") else { return isUnchanged }
        bytes.append(0x20)
        return false
    }

    /// Whether `byte` means what it meant without a space before it.
    private mutating func append(special byte: UInt8, since start: Int, inQuotes: Bool) -> Bool {
        let isSectionEnd =
            byte == UInt8(ascii: ">") && bytes.count - start >= 2 && bytes.suffix(2).elementsEqual("]]".utf8)
        if isSectionEnd {
            bytes.append(0x20)
        } else if byte == UInt8(ascii: "\""), inQuotes {
            let isEscaped = !escapesEachQuote && bytes.last == UInt8(ascii: "\\")
            if !isEscaped { bytes.append(UInt8(ascii: "\\")) }
        }
        bytes.append(byte)
        return !isSectionEnd
    }

    /// Where the first byte stands, from `offset` on, that can't simply be copied.
    private static func endOfPlainText(in value: UnsafeBufferPointer<UInt8>, from offset: Int) -> Int {
        isSpecial.withUnsafeBufferPointer { isSpecial in
            var offset = offset
            while offset < value.count, !isSpecial[Int(value[offset])] { offset += 1 }
            return offset
        }
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
