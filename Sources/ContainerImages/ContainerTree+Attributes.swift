extension ContainerTree {
    private static let attributeScript = """
        cd "$1" && exec getfattr --recursive --physical --no-dereference --dump --match=- --encoding=hex . >"$2"
        """

    /// Returns the extended attributes of the files of a tree in a namespace: getxattr(2), by getfattr(1).
    func attributes() throws -> [ExtendedAttribute] {
        Self.attributes(dump: try list(Self.attributeScript, package: "attr"))
    }

    /// Reads what getfattr(1) prints: `# file: PATH`, and lines `NAME=0xHEX` of that file.
    static func attributes(dump: [UInt8]) -> [ExtendedAttribute] {
        let mark = Array("# file: ".utf8)
        let top = Array("./".utf8)
        var path: [UInt8] = []
        return dump.split(separator: UInt8(ascii: "\n")).compactMap { line in
            if line.starts(with: mark) {
                path = unescaped(line.dropFirst(mark.count))
                path = path.elementsEqual(".".utf8) ? [] : path.starts(with: top) ? Array(path.dropFirst(2)) : path
                return nil
            }
            let parts = line.split(separator: UInt8(ascii: "="), maxSplits: 1)
            guard parts.count == 2, parts[1].starts(with: "0x".utf8) else { return nil }
            let digits = Array(parts[1].dropFirst(2))
            let value = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
            }
            let name = String(decoding: unescaped(parts[0]), as: UTF8.self)
            return ExtendedAttribute(path: path, name: name, value: value)
        }
    }

    /// Returns the bytes with `\012` and the like as those that they stand for.
    private static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
