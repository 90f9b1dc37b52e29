/// Text as it is written in a document.
package enum XMLText {
    /// Returns text as it is written in a document, also between quotation marks.
    package static func escaped(_ text: some Sequence<UInt8>) -> [UInt8] {
        text.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "&"): Array("&amp;".utf8)
            case UInt8(ascii: "<"): Array("&lt;".utf8)
            case UInt8(ascii: ">"): Array("&gt;".utf8)
            case UInt8(ascii: "\""): Array("&quot;".utf8)
            default: [byte]
            }
        }
    }

    /// Returns text as it is written in a document, also between quotation marks.
    package static func escaped(_ text: String) -> String {
        String(decoding: escaped(text.utf8), as: UTF8.self)
    }

    /// Returns `text` as CDATA, from which a reader of the document gets exactly `text` back. `]]>` is divided over two
    /// sections. A carriage return, which a section would turn into a line feed, becomes a reference between two.
    /// Characters that XML does not allow are left out.
    package static func characterData(_ text: String) -> String {
        var text = text
        let data: [UInt8] = text.withUTF8 { bytes in
            var data = Array("<![CDATA[".utf8)
            data.reserveCapacity(bytes.count + 12)
            var brackets = 0
            var offset = 0
            while offset < bytes.count {
                let byte = bytes[offset]
                let forbidden = XMLCharacters.forbiddenLength(bytes, at: offset)
                offset += max(1, forbidden)
                if forbidden > 0 { continue }
                if byte == UInt8(ascii: ">"), brackets >= 2 {
                    data += "]]><![CDATA[>".utf8
                } else if byte == 0x0D {
                    data += "]]>&#13;<![CDATA[".utf8
                } else {
                    data.append(byte)
                }
                brackets = byte == UInt8(ascii: "]") ? brackets + 1 : 0
            }
            return data + "]]>".utf8
        }
        return String(decoding: data, as: UTF8.self)
    }
}
