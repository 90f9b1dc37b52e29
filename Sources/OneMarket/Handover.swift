import Bytes
import DriverProtocol
import XML

/// The result of a datastore's export for the import that follows: `<IMPORT_INFO>`.
struct Handover {
    static let elementNames = ["IMPORT_SOURCE", "MD5", "SIZE", "FORMAT", "DISPOSE", "DISPOSE_CMD"]

    /// The values of ``elementNames``; missing ones are empty.
    private let values: [String: String]

    /// Reads an export's output.
    init(output: [UInt8]) throws(DriverError) {
        let root: XMLElement
        do {
            root = try XMLParser.parse(Array(Self.document(in: output)))
        } catch {
            throw Self.unusable("\(error)", error)
        }
        guard root.name == ImportInfo.rootName else { throw Self.unusable("its root is <\(root.name)>") }
        values = Dictionary(uniqueKeysWithValues: Self.elementNames.map { ($0, root.child($0)?.text ?? "") })
    }

    /// Returns the document without its surroundings: the stock `datastore/ceph/export` prints a quotation mark after
    /// it.
    private static func document(in output: [UInt8]) -> ArraySlice<UInt8> {
        let end = Array("</\(ImportInfo.rootName)>".utf8)
        let trimmed = output.drop(while: isWhiteSpace)
        guard let last = trimmed.ranges(of: end).last else { return trimmed }
        return trimmed[..<last.upperBound]
    }

    private static func unusable(_ cause: String, _ underlying: (any Error)? = nil) -> DriverError {
        DriverError(
            "use", "what the datastore's export printed", cause: cause,
            remedy: "look at the export driver: it has to print an <\(ImportInfo.rootName)> document and nothing else",
            underlying: underlying)
    }

    subscript(_ name: String) -> String { values[name] ?? "" }

    /// Throws if something is missing that an import needs.
    func check() throws(DriverError) {
        let missing = ["IMPORT_SOURCE", "SIZE", "FORMAT"].filter { self[$0].isEmpty }
        guard missing.isEmpty else {
            throw Self.unusable("\(missing.joined(separator: ", ")) \(missing.count == 1 ? "is" : "are") missing")
        }
    }

    /// The command that removes the temporary image of the export, or nil if there is none.
    var disposeCommand: String? {
        self["DISPOSE"].uppercased() == "YES" && !self["DISPOSE_CMD"].isEmpty ? self["DISPOSE_CMD"] : nil
    }

    /// Returns the message for export: the image and the datastore of `message`, unchanged.
    static func exportMessage(_ message: Message) -> [UInt8] {
        let elements = ["IMAGE", "DATASTORE"].compactMap { message.root.child($0) }
        return Array("<DS_DRIVER_ACTION_DATA>".utf8) + elements.flatMap { message.document[$0.range] }
            + Array("</DS_DRIVER_ACTION_DATA>".utf8)
    }

    /// Returns the message for import: `message` with this added at its end.
    func importMessage(_ message: Message) -> [UInt8] {
        let document = message.document
        let elements = Self.elementNames.map { "<\($0)>\(XMLText.characterData(self[$0]))</\($0)>" }.joined()
        let end = document[..<message.root.range.upperBound].lastIndex(of: UInt8(ascii: "<")) ?? document.endIndex
        return document[..<end] + Array(elements.utf8) + document[end...]
    }
}
