/// `text` as CDATA, so that a reader of the document gets exactly it back: `]]>` is divided over two sections, and a
/// carriage return, which a section would turn into a line feed, stands between two as a reference. Characters that
/// XML does not allow at all are left out.
package func characterData(_ text: String) -> String {
    var text = text
    let data: [UInt8] = text.withUTF8 { bytes in
        var data = Array("<![CDATA[".utf8)
        data.reserveCapacity(bytes.count + 12)
        var brackets = 0
        var offset = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            let forbidden = forbiddenLength(bytes, at: offset)
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
