/// One element of a parsed document.
package struct XMLElement: Equatable, Sendable {
    /// A piece of an element's content, in order. Text and CDATA that touch are one `text`.
    package enum Node: Equatable, Sendable {
        case element(XMLElement)
        case text(String)
    }

    package struct Attribute: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    package let name: String
    package let attributes: [Attribute]
    package let nodes: [Node]
    /// The range in bytes, tags included, of the document that the element was parsed from.
    package let range: Range<Int>

    package init(name: String, attributes: [Attribute] = [], nodes: [Node] = [], range: Range<Int> = 0..<0) {
        self.name = name
        self.attributes = attributes
        self.nodes = nodes
        self.range = range
    }

    /// Whether the two are the same tree, whatever their ``range``.
    package static func == (left: XMLElement, right: XMLElement) -> Bool {
        left.name == right.name && left.attributes == right.attributes && left.nodes == right.nodes
    }

    /// The child elements, in order.
    package var children: [XMLElement] {
        nodes.compactMap { node in
            if case .element(let element) = node { element } else { nil }
        }
    }

    /// The text directly inside this element, without that of its children.
    package var text: String {
        var text = ""
        for case .text(let part) in nodes { text += part }
        return text
    }

    /// Returns the first child of that name, or nil if there is none.
    package func child(_ name: some StringProtocol) -> XMLElement? {
        for case .element(let element) in nodes where element.name == name { return element }
        return nil
    }

    /// Returns the first element at `path` below this one, or nil if there is none. Names are divided by slashes:
    /// `MARKETPLACE/TEMPLATE/BASE_URL`.
    package func element(at path: String) -> XMLElement? {
        var element: XMLElement? = self
        for name in path.split(separator: "/") { element = element?.child(name) }
        return element
    }
}
