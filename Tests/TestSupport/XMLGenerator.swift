/// Random documents, most of them well-formed, without anything that our reader refuses by policy or that libxml2 reads
/// differently: document types, namespaces, other encodings, deep nesting.
package struct XMLGenerator {
    package var random: SeededGenerator

    private static let names = [
        "A", "ID", "NAME", "TEMPLATE", "x-1", "_", "a.b", "é", "e\u{301}", "名前", "𐐀", "B\u{B7}2", "xml2", "CDATA",
    ]
    private static let text = [
        "a", "text", " ", "\n", "\t", "\r", "\r\n", "\"", "'", ">", "]", "]]", "é", "€", "\u{10FFFF}", "\u{85}",
        "\u{7F}",
        "\u{2028}", "\u{FFFD}", "=", "/", "&lt;", "&gt;", "&amp;", "&quot;", "&apos;", "&#65;", "&#x3C;", "&#38;",
        "&#xD;", "&#13;&#10;", "&#9;", "&#0000233;", "&#x10FFFF;", "&#xFFFD;", "&#x1F600;",
    ]
    /// What makes most documents ill-formed.
    private static let wrong = [
        "<", "&", "&lt", "&nbsp;", "&#0;", "&#x;", "&#;", "&#x110000;", "&#xFFFE;", "&#xD800;", "&#X41;", "&# 65;",
        "]]>", "\u{1}", "\u{FFFE}", "\u{FFFF}", "<a>", "</a>", "<!-- -- -->", "<?xml version='1.0'?>", "<?XML a?>",
        "<!a>", "<![cdata[x]]>", "<1>", "<a b>", "<a b=c/>", "<a b='<'/>", "<a b='1' b='2'/>", "<a b='1'c='2'/>",
        "< a/>", "<a/ >", "</ a>", "&#99999999999999999999;", "<a é='1' e\u{301}='2'/>", "<é></e\u{301}>",
    ]
    /// Pieces that mutations are made of.
    package static let tokens =
        names + text + wrong
        + ["<", ">", "/", "</", "/>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "=", "'", "&", ";"]

    package init(random: SeededGenerator) {
        self.random = random
    }

    /// The next document.
    package mutating func document() -> [UInt8] {
        var document = random.once(in: 8) ? "\u{FEFF}" : ""
        if random.once(in: 3) { document += declaration() }
        document += miscellany() + element(depth: 0) + miscellany()
        let bytes = Array(document.utf8)
        return random.once(in: 3) ? random.mutated(bytes, tokens: Self.tokens) : bytes
    }

    private mutating func declaration() -> String {
        if random.once(in: 2) { return "<?xml version=\"1.0\"?>" }
        return random.pick([
            "<?xml version='1.0' encoding='UTF-8'?>", "<?xml version=\"1.0\" encoding=\"utf-8\" ?>",
            "<?xml\nversion = '1.0'\tstandalone='yes'?>", "<?xml version='1.0' encoding='UTF-8' standalone=\"no\" ?>",
            "<?xml?>", "<?xml encoding='UTF-8'?>", "<?xml version='1.0' standalone='maybe'?>", " <?xml version='1.0'?>",
            "<?xml version='1.0'encoding='UTF-8'?>", "<?xml version='2.0'?>", "<?xml version='&#49;.0'?>",
            "<?xml version='1.0' encoding='UTF-8' version='1.0'?>", "<?xml version='1.0'>",
        ])
    }

    private mutating func miscellany() -> String {
        guard random.once(in: 4) else { return "" }
        return random.text(of: [" ", "\n", "\r\n", "\t", "<!-- c -->", "<?go on?>", "<?go?>", "<!---->"], upTo: 4)
    }

    private mutating func element(depth: Int) -> String {
        let name = random.pick(Self.names)
        var tag = "<" + name
        for attribute in Self.names.shuffled(using: &random).prefix(random.once(in: 2) ? 0 : random.below(4)) {
            let quote = random.pick(["\"", "'"])
            tag += random.pick([" ", "\n", " \t"]) + attribute + random.pick(["=", " = ", "=\n"]) + quote
            tag += content(upTo: 5).filter { String($0) != quote } + quote
        }
        tag += random.pick(["", "", " ", "\n"])
        guard !random.once(in: 5) else { return tag + "/>" }
        var inside = ""
        for _ in 0..<random.below(depth > 5 ? 2 : 5) { inside += node(depth: depth) }
        return tag + ">" + inside + "</" + name + random.pick(["", "", " "]) + ">"
    }

    private mutating func node(depth: Int) -> String {
        switch random.below(8) {
        case 0, 1:
            element(depth: depth + 1)
        case 2...4:
            content(upTo: 8)
        case 5:
            "<![CDATA[" + random.text(of: ["a", "<b>", "&amp;", "]", "]]", "\n", "\r\n", "é", ">"], upTo: 6) + "x]]>"
        case 6:
            random.pick(["<!-- c -->", "<!-- <a> & - -->", "<!---->", "<?go on ?>", "<?go?>", "<?xml-style a?>"])
        default:
            random.once(in: 6) ? random.pick(Self.wrong) : " "
        }
    }

    /// Character data. A rare piece of it makes the document ill-formed.
    private mutating func content(upTo count: Int) -> String {
        random.text(of: Self.text, upTo: count) + (random.once(in: 60) ? random.pick(Self.wrong) : "")
    }
}
