import Bytes
import DriverProtocol
import XML

/// What a datastore's export has found out for the import that follows: `<IMPORT_INFO>`.
struct Handover {
    static let elementNames = ["IMPORT_SOURCE", "MD5", "SIZE", "FORMAT", "DISPOSE", "DISPOSE_CMD"]

    /// The values of ``elementNames``; missing ones are empty.
    private let values: [String: String]

    /// Reads what an export has printed.
    init(output: [UInt8]) throws(DriverError) {
        let root: XMLElement
        do {
            root = try XMLParser.parse(Array(Self.document(in: output)))
        } catch {
            throw Self.unusable("\(error)")
        }
        guard root.name == ImportInfo.rootName else { throw Self.unusable("its root is <\(root.name)>") }
        values = Dictionary(uniqueKeysWithValues: Self.elementNames.map { ($0, root.child($0)?.text ?? "") })
    }

    /// The document without what surrounds it: the stock `datastore/ceph/export` prints a quotation mark behind it.
    private static func document(in output: [UInt8]) -> ArraySlice<UInt8> {
        let end = Array("</\(ImportInfo.rootName)>".utf8)
        let trimmed = output.drop(while: isWhiteSpace)
        guard let last = trimmed.ranges(of: end).last else { return trimmed }
        return trimmed[..<last.upperBound]
    }

    private static func unusable(_ cause: String) -> DriverError {
        DriverError(
            "use", "what the datastore's export printed", cause: cause,
            remedy: "look at the export driver: it has to print an <\(ImportInfo.rootName)> document and nothing else")
    }

    subscript(_ name: String) -> String { values[name] ?? "" }

    /// What an import cannot do without.
    func check() throws(DriverError) {
        let missing = ["IMPORT_SOURCE", "SIZE", "FORMAT"].filter { self[$0].isEmpty }
        guard missing.isEmpty else {
            throw Self.unusable("\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") missing")
        }
    }

    /// The command that removes what the export has left behind, where it has left something.
    var disposeCommand: String? {
        self["DISPOSE"].uppercased() == "YES" && !self["DISPOSE_CMD"].isEmpty ? self["DISPOSE_CMD"] : nil
    }

    /// The message that export gets: the image and the datastore out of `message`, as they stand there.
    static func exportMessage(_ message: Message) -> [UInt8] {
        let elements = ["IMAGE", "DATASTORE"].compactMap { message.root.child($0) }
        return Array("<DS_DRIVER_ACTION_DATA>".utf8) + elements.flatMap { message.document[$0.range] }
            + Array("</DS_DRIVER_ACTION_DATA>".utf8)
    }

    /// The message that import gets: `message` with this in addition, at its end.
    func importMessage(_ message: Message) -> [UInt8] {
        let document = message.document
        let elements = Self.elementNames.map { "<\($0)>\(characterData(self[$0]))</\($0)>" }.joined()
        let end = document[..<message.root.range.upperBound].lastIndex(of: UInt8(ascii: "<")) ?? document.endIndex
        return document[..<end] + Array(elements.utf8) + document[end...]
    }
}
