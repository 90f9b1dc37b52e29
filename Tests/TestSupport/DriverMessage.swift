import DriverProtocol
import XML

/// A driver message made from a recorded one by replacing values.
package struct DriverMessage: Sendable {
    package private(set) var root: XMLElement

    /// The recorded message `Tests/Fixtures/messages/NAME.xml`.
    package init(_ name: String) throws {
        root = try Message(text: Fixture.bytes("messages/\(name).xml")).root
    }

    /// Returns the message with `value` at `path`, or without the element if `value` is nil. Missing elements are made.
    package func with(_ path: String, _ value: String?) -> DriverMessage {
        var copy = self
        copy.root = Self.replacing(root, path.split(separator: "/")[...], value)
        return copy
    }

    package func with(_ values: KeyValuePairs<String, String?>) -> DriverMessage {
        values.reduce(self) { $0.with($1.key, $1.value) }
    }

    private static func replacing(_ element: XMLElement, _ path: ArraySlice<Substring>, _ value: String?) -> XMLElement
    {
        guard let name = path.first else {
            return XMLElement(name: element.name, nodes: value.map { [.text($0)] } ?? [])
        }
        let old = element.child(name) ?? XMLElement(name: String(name))
        let isRemoved = path.count == 1 && value == nil
        var nodes = element.nodes.filter { node in
            if case .element(let child) = node { child.name != name } else { true }
        }
        if !isRemoved { nodes.append(.element(replacing(old, path.dropFirst(), value))) }
        return XMLElement(name: element.name, nodes: nodes)
    }

    /// The document, its texts as CDATA.
    package var xml: String { Self.xml(root) }

    /// The document in the form in which oned passes it on.
    package var base64: [UInt8] { Base64.encode(Array(xml.utf8)) }

    private static func xml(_ element: XMLElement) -> String {
        let body = element.nodes.map { node in
            switch node {
            case .element(let child): xml(child)
            case .text(let text): XMLText.characterData(text)
            }
        }
        return "<\(element.name)>\(body.joined())</\(element.name)>"
    }
}
