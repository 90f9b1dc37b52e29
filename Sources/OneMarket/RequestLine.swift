import Bytes

/// One line that oned writes: `ACTION <empty> ID PAYLOAD`.
enum RequestLine: Equatable, Sendable {
    case initialize
    case finalize
    case cancel(id: Int)
    /// The payload as received: base64, decoded only when its turn has come.
    case action(Verb, id: Int, payload: [UInt8])

    /// Reads a line without its line feed. Returns nil if it is malformed or has an unknown verb: oned's own driver
    /// passes such lines over.
    init?(_ line: [UInt8]) {
        var rest = line[...]
        let name = Self.word(&rest)
        switch String(decoding: name, as: UTF8.self) {
        case "INIT": self = .initialize
        case "FINALIZE": self = .finalize
        case "DRIVER_CANCEL":
            guard let id = Self.number(Self.word(&rest)) else { return nil }
            self = .cancel(id: id)
        case let name:
            guard let verb = Verb(rawValue: name), let id = Self.number(Self.word(&rest)) else { return nil }
            while let last = rest.last, isWhiteSpace(last) { rest.removeLast() }
            self = .action(verb, id: id, payload: Array(rest.drop(while: isWhiteSpace)))
        }
    }

    /// Takes the next word off the line, with any white space before it.
    private static func word(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        rest = rest.drop(while: isWhiteSpace)
        let word = rest.prefix { !isWhiteSpace($0) }
        rest = rest[word.endIndex...]
        return word
    }

    private static func number(_ word: ArraySlice<UInt8>) -> Int? {
        guard !word.isEmpty, word.allSatisfy(isDigit) else { return nil }
        return Int(String(decoding: word, as: UTF8.self))
    }
}
