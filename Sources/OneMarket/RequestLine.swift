import Bytes
import DriverProtocol

/// The requests of oned to a marketplace driver.
enum Verb: String, CaseIterable, Sendable {
    case importApp = "IMPORT"
    case delete = "DELETE"
    case monitor = "MONITOR"

    /// The name of its executable below `market/NAME/`.
    var action: String { rawValue.lowercased() }

    /// The remedy if a request was ended before it was done: oned drops an app however its DELETE ends.
    var remedyOfEnding: String {
        switch self {
        case .importApp: "create the app again if it is still wanted"
        case .delete: "remove what is left of the app by hand"
        case .monitor: "oned repeats it by itself"
        }
    }

    /// Returns the name in log lines of the object with that id; the message may have its own name.
    func object(_ id: Int, _ message: Message? = nil) -> ObjectName {
        let (element, kind) = self == .monitor ? ("MARKETPLACE", "marketplace") : ("MARKETPLACEAPP", "app")
        return ObjectName(kind: kind, id: id, name: message?.value(element + "/NAME"))
    }
}

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
