import DriverProtocol

/// Checks a tar archive as it passes, before anything is unpacked: POSIX.1-1988 headers with the extensions of GNU and
/// POSIX.1-2001 for long names. Refuses an archive with an entry that could be written outside the directory in which
/// it is unpacked.
struct TarScanner {
    /// The reason why an archive cannot be used.
    struct Fault: Error, Equatable {
        let reason: String
    }

    private static let blockSize = 512
    /// The bytes of a header's extension: a long name, or the map of a sparse file in many pieces.
    private static let extensionLimit: UInt64 = 16 << 20

    /// Extensions of the next entry. Those of POSIX.1-2001 take precedence over GNU's, in any order.
    private struct Extensions {
        var gnuName: [UInt8]?
        var gnuLink: [UInt8]?
        var path: [UInt8]?
        var sparseName: [UInt8]?
        var link: [UInt8]?
        var size: UInt64?
        var user: UInt64?
        var group: UInt64?

        var name: [UInt8]? { sparseName ?? path ?? gnuName }
        var linkName: [UInt8]? { link ?? gnuLink }
    }

    private enum State {
        case header
        /// That many bytes of content, and of padding after it, are passed over.
        case content(UInt64)
        /// That many bytes of a long name or of extended attributes are gathered.
        case gathering(kind: UInt8, size: UInt64, rest: UInt64)
        /// Blocks with more of the map of a sparse file precede its content, of that many bytes and padding.
        case map(content: UInt64)
        case ended
    }

    private var state = State.header
    private var block: [UInt8] = []
    /// The extensions of the next entry.
    private var extensions = Extensions()
    /// The paths of symbolic links. Any bytes make a name: two of them are the same only if all of their bytes are.
    private var links: Set<[UInt8]> = []
    /// The number of entries.
    private(set) var count = 0
    /// The extended attributes of all files.
    private(set) var attributes = ArchiveAttributes()
    /// The devices by their paths.
    private(set) var devices: [[UInt8]: ArchiveDevice] = [:]

    /// Takes the next bytes of the archive.
    mutating func update(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .ended: return
            case .content(let size):
                let step = min(size, UInt64(rest.count))
                rest = rest.dropFirst(Int(step))
                state = step == size ? .header : .content(size - step)
            case .header:
                gather(&rest, upTo: Self.blockSize)
                if block.count == Self.blockSize { try readHeader() }
            case .map(let content):
                gather(&rest, upTo: Self.blockSize)
                if block.count == Self.blockSize { readMap(content) }
            case .gathering(let kind, let size, let missing):
                let step = Int(min(missing, UInt64(rest.count)))
                block.append(contentsOf: rest.prefix(step))
                rest = rest.dropFirst(step)
                state = .gathering(kind: kind, size: size, rest: missing - UInt64(step))
                if missing == UInt64(step) { try readExtension(kind, size: Int(size)) }
            }
        }
    }

    /// Ends the archive. Throws if that is in the middle of an entry.
    func finish() throws(Fault) {
        switch state {
        case .ended where count == 0: throw Fault(reason: "it has no files")
        case .ended: break
        case .header where block.isEmpty && count > 0: break
        default: throw Fault(reason: count == 0 ? "it is no tar archive" : "it is cut")
        }
    }

    private mutating func gather(_ rest: inout Slice<UnsafeRawBufferPointer>, upTo size: Int) {
        let step = min(size - block.count, rest.count)
        block.append(contentsOf: rest.prefix(step))
        rest = rest.dropFirst(step)
    }

    // MARK: Headers

    private mutating func readHeader() throws(Fault) {
        defer { block.removeAll(keepingCapacity: true) }
        if block.allSatisfy({ $0 == 0 }) {
            state = .ended
            return
        }
        guard hasChecksum, let stated = number(at: 124..<136) else {
            throw Fault(reason: count == 0 ? "it is no tar archive" : "it has a damaged header")
        }
        let kind = block[156]
        switch kind {
        case UInt8(ascii: "L"), UInt8(ascii: "K"), UInt8(ascii: "x"), UInt8(ascii: "g"):
            guard stated <= Self.extensionLimit else { throw Fault(reason: "it has a name that is too long") }
            state = stated == 0 ? .header : .gathering(kind: kind, size: stated, rest: padded(stated))
            return
        case UInt8(ascii: "M"): throw Fault(reason: "it is one volume of several")
        default: break
        }
        let size = extensions.size ?? stated
        let name = extensions.name ?? ustarName
        let hasContent = size > 0 && !Self.kindsWithoutContent.contains(kind)
        // tar would take it for a directory, and its content for the next entry.
        guard !hasContent || kind == UInt8(ascii: "D") || name.last != Self.slash else {
            throw Fault(reason: "its directory \(Self.shown(name)) has content")
        }
        // The label of a volume is no file.
        if kind != UInt8(ascii: "V") {
            try check(kind, name: name, link: extensions.linkName ?? bytes(at: 157..<257))
            count += 1
        }
        extensions = Extensions()
        let content = hasContent ? padded(size) : 0
        state = kind == UInt8(ascii: "S") && block[482] != 0 ? .map(content: content) : Self.content(content)
    }

    /// Links, devices, directories and pipes, whose size is ignored.
    private static let kindsWithoutContent = UInt8(ascii: "1")...UInt8(ascii: "6")

    private static func content(_ size: UInt64) -> State { size > 0 ? .content(size) : .header }

    /// Reads a block of the map of a sparse file in GNU's own format. Only whether another block follows matters.
    private mutating func readMap(_ content: UInt64) {
        if block[504] == 0 { state = Self.content(content) }
        block.removeAll(keepingCapacity: true)
    }

    private func padded(_ size: UInt64) -> UInt64 {
        let unit = UInt64(Self.blockSize)
        return size > UInt64.max - unit ? size : (size + unit - 1) / unit * unit
    }

    private var hasChecksum: Bool {
        let sum = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(block[$1])) }
        return number(at: 148..<156) == UInt64(sum)
    }

    /// Returns a number in octal digits, or in GNU's base 256 for large ones, or nil if it is negative or too large.
    private func number(at range: Range<Int>) -> UInt64? {
        let field = block[range]
        if let first = field.first, first >= 0x80 {
            guard first == 0x80 else { return nil }
            guard field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
            return field.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let digits = field.drop { $0 == 0x20 }.prefix { (0x30...0x37).contains($0) }
        return digits.isEmpty ? 0 : UInt64(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    private func bytes(at range: Range<Int>) -> [UInt8] { Array(block[range].prefix { $0 != 0 }) }

    private var ustarName: [UInt8] {
        let isUstar = block[257..<263].elementsEqual("ustar\0".utf8)
        let prefix = isUstar ? bytes(at: 345..<500) : []
        return prefix.isEmpty ? bytes(at: 0..<100) : prefix + [Self.slash] + bytes(at: 0..<100)
    }

    // MARK: Extensions

    private mutating func readExtension(_ kind: UInt8, size: Int) throws(Fault) {
        let content = Array(block.prefix(size))
        block.removeAll(keepingCapacity: true)
        state = .header
        switch kind {
        case UInt8(ascii: "L"): extensions.gnuName = Array(content.prefix { $0 != 0 })
        case UInt8(ascii: "K"): extensions.gnuLink = Array(content.prefix { $0 != 0 })
        default: try readRecords(content, areGlobal: kind == UInt8(ascii: "g"))
        }
    }

    /// Reads records `LENGTH KEYWORD=VALUE\n`.
    private mutating func readRecords(_ content: [UInt8], areGlobal: Bool) throws(Fault) {
        var rest = content[...]
        while let space = rest.firstIndex(of: 0x20) {
            guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 1,
                length <= rest.count, let sign = rest[space...].firstIndex(of: UInt8(ascii: "="))
            else { throw Fault(reason: "it has damaged extended attributes") }
            let end = rest.startIndex + length
            // The last byte is a line feed, which may come right behind the sign.
            guard sign < end - 1, rest[end - 1] == 0x0A else {
                throw Fault(reason: "it has damaged extended attributes")
            }
            let bytes = rest[(sign + 1)..<(end - 1)]
            let word = rest[(space + 1)..<sign]
            let keyword = String(decoding: word, as: UTF8.self)
            if !areGlobal {
                // What else a record may tell has a plain keyword.
                if word.elementsEqual(keyword.utf8) { try read(keyword, bytes) } else { attributes.passOver() }
            } else if ["path", "linkpath", "size", "GNU.sparse.name"].contains(keyword) {
                throw Fault(reason: "it gives all its entries one \(keyword)")
            }
            rest = rest[end...]
        }
    }

    private mutating func read(_ keyword: String, _ bytes: ArraySlice<UInt8>) throws(Fault) {
        switch keyword {
        case "path": extensions.path = Array(bytes)
        case "GNU.sparse.name": extensions.sparseName = Array(bytes)
        case "linkpath": extensions.link = Array(bytes)
        case "size": extensions.size = UInt64(String(decoding: bytes, as: UTF8.self))
        case "uid": extensions.user = UInt64(String(decoding: bytes, as: UTF8.self))
        case "gid": extensions.group = UInt64(String(decoding: bytes, as: UTF8.self))
        default: try attributes.read(keyword, bytes)
        }
    }

    // MARK: What is accepted

    private mutating func check(_ kind: UInt8, name: [UInt8], link: [UInt8]) throws(Fault) {
        let path = try inside(name, of: name)
        if kind == UInt8(ascii: "1") { _ = try inside(link, of: name) }
        // tar makes such links last, and knows the places that it holds for them by their inodes' numbers. If another
        // entry has taken the place, whether the link replaces it depends on the file system.
        guard !links.contains(path) else {
            throw Fault(reason: "its entry \(Self.shown(name)) comes again after a symbolic link of that name")
        }
        attributes.assign(to: path)
        devices[path] = device(kind)
        if kind == UInt8(ascii: "2") { links.insert(path) }
    }

    /// Returns the device that the header describes, or nil if it is another kind of file.
    private func device(_ kind: UInt8) -> ArchiveDevice? {
        guard kind == UInt8(ascii: "3") || kind == UInt8(ascii: "4"),
            let mode = number(at: 100..<108), let user = extensions.user ?? number(at: 108..<116),
            let group = extensions.group ?? number(at: 116..<124), let major = number(at: 329..<337),
            let minor = number(at: 337..<345)
        else { return nil }
        return ArchiveDevice(
            isBlock: kind == UInt8(ascii: "4"), mode: UInt32(mode & 0o7777), owner: UInt32(clamping: user),
            group: UInt32(clamping: group), major: UInt32(clamping: major), minor: UInt32(clamping: minor))
    }

    /// Returns the path without `.`. Throws if it climbs out, or leads through a symbolic link of this archive.
    private func inside(_ path: [UInt8], of entry: [UInt8]) throws(Fault) -> [UInt8] {
        let shown = Self.shown(entry)
        guard path.first != Self.slash else { throw Fault(reason: "its entry \(shown) has an absolute path") }
        let parts = path.split(separator: Self.slash).filter { !$0.elementsEqual(".".utf8) }
        guard !parts.contains(where: { $0.elementsEqual("..".utf8) }) else {
            throw Fault(reason: "its entry \(shown) climbs out of the archive")
        }
        var parent: [UInt8] = []
        for part in parts.dropLast() {
            parent += (parent.isEmpty ? [] : [Self.slash]) + part
            guard !links.contains(parent) else {
                throw Fault(reason: "its entry \(shown) leads through the symbolic link \(Self.shown(parent))")
            }
        }
        return Array(parts.joined(separator: [Self.slash]))
    }

    private static let slash = UInt8(ascii: "/")

    private static func shown(_ name: [UInt8]) -> String {
        quoted(oneLine(String(decoding: name, as: UTF8.self), limit: 100))
    }
}
