import XML

/// The canonical form of a tree (W3C Canonical XML, without namespaces), as `xmllint --c14n` writes it once comments
/// and processing instructions are taken out.
func canonical(_ element: XMLElement) -> String {
    var text = "<" + element.name
    let attributes = element.attributes.sorted {
        $0.name.unicodeScalars.lexicographicallyPrecedes($1.name.unicodeScalars)
    }
    for attribute in attributes { text += " \(attribute.name)=\"\(escaped(attribute.value, inAttribute: true))\"" }
    text += ">"
    for node in element.nodes {
        switch node {
        case .element(let child): text += canonical(child)
        case .text(let part): text += escaped(part, inAttribute: false)
        }
    }
    return text + "</\(element.name)>"
}

private func escaped(_ text: String, inAttribute: Bool) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;".unicodeScalars
        case "<": result += "&lt;".unicodeScalars
        case ">" where !inAttribute: result += "&gt;".unicodeScalars
        case "\"" where inAttribute: result += "&quot;".unicodeScalars
        case "\t" where inAttribute: result += "&#x9;".unicodeScalars
        case "\n" where inAttribute: result += "&#xA;".unicodeScalars
        case "\r": result += "&#xD;".unicodeScalars
        default: result.append(scalar)
        }
    }
    return String(result)
}

/// A canonical document's bytes without comments, instructions and the line breaks around the root. In that form `<`
/// stands nowhere but at the beginning of a tag, a comment or an instruction.
func withoutComments(_ document: ArraySlice<UInt8>) -> [UInt8] {
    var kept: [UInt8] = []
    var rest = document
    while let open = rest.firstIndex(of: UInt8(ascii: "<")) {
        kept += rest[..<open]
        rest = rest[open...]
        // A comment may begin with what looks like its end: <!--->- -->
        let isComment = rest.starts(with: "<!--".utf8)
        if isComment || rest.starts(with: "<?".utf8) {
            let inside = rest.dropFirst(isComment ? 4 : 2)
            rest = inside.firstRange(of: Array((isComment ? "-->" : "?>").utf8)).map { inside[$0.upperBound...] } ?? []
        } else {
            kept.append(rest.removeFirst())
        }
    }
    kept += rest
    let isBreak = { (byte: UInt8) in byte == 0x0A }
    return Array(Array(kept.drop(while: isBreak)).reversed().drop(while: isBreak).reversed())
}
