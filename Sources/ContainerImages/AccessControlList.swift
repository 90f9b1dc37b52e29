/// An access control list: acl(5). Archives have it in words or in the form of setxattr(2).
struct AccessControlList: Equatable {
    /// The keywords of lists in words, and the names of their extended attributes.
    static let textKeywords = [
        "SCHILY.acl.access": "system.posix_acl_access", "SCHILY.acl.default": "system.posix_acl_default",
    ]

    /// The kinds of entries, as the kernel numbers them.
    enum Tag: UInt16 {
        case owner = 1
        case user = 2
        case owningGroup = 4
        case group = 8
        case mask = 0x10
        case others = 0x20

        var isNamed: Bool { self == .user || self == .group }
    }

    struct Entry: Equatable {
        let tag: Tag
        /// 4 to read, 2 to write, 1 to execute.
        let permissions: UInt16
        /// The user's or the group's number, if the entry names one.
        var id = UInt32.max
    }

    /// In the order that the kernel wants.
    let entries: [Entry]

    /// Whether it says no more than a file's mode.
    var isMode: Bool { entries.count == 3 }

    /// Returns nil if the entries make no list: one comes twice, or one of the three is missing that a mode has.
    init?(_ entries: [Entry]) {
        var entries = entries
        let named = entries.filter { $0.tag.isNamed || $0.tag == .owningGroup }
        if named.count > 1, !entries.contains(where: { $0.tag == .mask }) {
            entries.append(Entry(tag: .mask, permissions: named.reduce(0) { $0 | $1.permissions }))
        }
        entries.sort { ($0.tag.rawValue, $0.id) < ($1.tag.rawValue, $1.id) }
        let isUnique = zip(entries, entries.dropFirst()).allSatisfy { ($0.tag, $0.id) != ($1.tag, $1.id) }
        guard isUnique, [Tag.owner, .owningGroup, .others].allSatisfy({ tag in entries.contains { $0.tag == tag } }),
            entries.allSatisfy({ $0.permissions <= 7 })
        else { return nil }
        self.entries = entries
    }

    // MARK: In binary form

    /// Reads the form of setxattr(2). Returns nil if `value` is no list.
    init?(value: [UInt8]) {
        guard value.count >= 4, value.count % 8 == 4, value[..<4].elementsEqual([2, 0, 0, 0]) else { return nil }
        func number(at start: Int, _ count: Int) -> UInt32 {
            value[start..<start + count].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        var entries: [Entry] = []
        for start in stride(from: 4, to: value.count, by: 8) {
            guard let tag = Tag(rawValue: UInt16(number(at: start, 2))) else { return nil }
            entries.append(
                Entry(
                    tag: tag, permissions: UInt16(number(at: start + 2, 2)),
                    id: tag.isNamed ? number(at: start + 4, 4) : .max))
        }
        self.init(entries)
    }

    /// The list in the form of setxattr(2).
    var value: [UInt8] {
        func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        return [2, 0, 0, 0] + entries.flatMap { bytes($0.tag.rawValue) + bytes($0.permissions) + bytes($0.id) }
    }

    // MARK: In words

    /// Reads a list in words, its entries on lines of their own or with commas between: `user:bob:rw-`, and a number
    /// behind that if star has written it. Returns nil if `text` is no list, or has an unknown name.
    ///
    /// - Parameter id: returns the number of a user or a group by name.
    init?(text: String, id: (Tag, Substring) -> UInt32?) {
        var entries: [Entry] = []
        for line in text.split(whereSeparator: { $0.isNewline || $0 == "," || $0 == "\0" }) {
            let words = line.prefix { $0 != "#" }.filter { !$0.isWhitespace }
            if words.isEmpty { continue }
            guard let entry = Self.entry(words, id: id) else { return nil }
            entries.append(entry)
        }
        self.init(entries)
    }

    private static func entry(_ text: String, id: (Tag, Substring) -> UInt32?) -> Entry? {
        var fields = text.split(separator: ":", omittingEmptySubsequences: false)
        if ["default", "d"].contains(fields[0]) { fields.removeFirst() }
        // The name of a mask or of others is empty, and may be left out.
        if fields.count == 2 { fields.insert("", at: 1) }
        guard fields.count >= 3, let tag = tag(fields[0], isNamed: !fields[1].isEmpty),
            let permissions = permissions(fields[2])
        else { return nil }
        guard tag.isNamed else { return Entry(tag: tag, permissions: permissions) }
        let stated = fields.count > 3 ? UInt32(fields[3]) : nil
        guard let id = stated ?? UInt32(fields[1]) ?? id(tag, fields[1]), id != .max else { return nil }
        return Entry(tag: tag, permissions: permissions, id: id)
    }

    private static func tag(_ word: Substring, isNamed: Bool) -> Tag? {
        switch word {
        case "user", "u": isNamed ? .user : .owner
        case "group", "g": isNamed ? .group : .owningGroup
        case "mask", "m": isNamed ? nil : .mask
        case "other", "o": isNamed ? nil : .others
        default: nil
        }
    }

    private static func permissions(_ word: Substring) -> UInt16? {
        let values: [Character: UInt16] = ["r": 4, "w": 2, "x": 1, "-": 0]
        let parts = word.compactMap { values[$0] }
        return word.isEmpty || parts.count < word.count ? nil : parts.reduce(0, |)
    }
}
