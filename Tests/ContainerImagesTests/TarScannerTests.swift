import Testing

@testable import ContainerImages

@Suite struct TarScannerTests {
    /// A block of a header, as POSIX.1-1988 has it, and the content with its padding.
    private func entry(_ name: String, _ kind: Character = "0", link: String = "", _ content: String = "") -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at start: Int) {
            block.replaceSubrange(start..<(start + text.utf8.count), with: text.utf8)
        }
        func octal(_ number: Int) -> String { String(String(number + 0o1_0000_0000, radix: 8).dropFirst()) }
        put(name, at: 0)
        put(octal(content.utf8.count), at: 124)
        put("        ", at: 148)
        put(String(kind), at: 156)
        put(link, at: 157)
        put("ustar", at: 257)
        let sum = String(block.reduce(0o1000000) { $0 + Int($1) }, radix: 8).dropFirst()
        put(sum + "\0 ", at: 148)
        return block + content.utf8 + [UInt8](repeating: 0, count: (512 - content.utf8.count % 512) % 512)
    }

    /// A header of POSIX.1-2001 for the next entry, or for all.
    private func extended(_ kind: Character = "x", _ keyword: String, _ value: String) -> [UInt8] {
        let record = " \(keyword)=\(value)\n"
        let length = record.utf8.count + 2
        return entry("pax", kind, "\(length)\(record)")
    }

    /// A device's header.
    private func device(_ name: String, _ kind: Character, mode: Int, owner: Int, _ numbers: (Int, Int)) -> [UInt8] {
        var block = Array(entry(name, kind).prefix(512))
        func put(_ number: Int, at start: Int) {
            block.replaceSubrange(
                start..<(start + 7), with: String(String(number + 0o1000_0000, radix: 8).dropFirst()).utf8)
        }
        put(mode, at: 100)
        put(owner, at: 108)
        put(owner + 1, at: 116)
        put(numbers.0, at: 329)
        put(numbers.1, at: 337)
        block.replaceSubrange(148..<156, with: "        ".utf8)
        let sum = String(block.reduce(0o1000000) { $0 + Int($1) }, radix: 8).dropFirst()
        block.replaceSubrange(148..<156, with: (sum + "\0 ").utf8)
        return block
    }

    @Test func listsDevices() throws {
        let devices = try scan(
            device("./dev/null", "3", mode: 0o666, owner: 0, (1, 3)),
            device("dev/disk", "4", mode: 0o660, owner: 5, (8, 16)),
            device("dev/gone", "3", mode: 0o600, owner: 0, (1, 1)), entry("dev/gone"),
            extended("x", "uid", "70000"), device("dev/far", "3", mode: 0o4600, owner: 1, (0, 0))
        ).devices
        #expect(
            Dictionary(uniqueKeysWithValues: devices.map { (String(decoding: $0, as: UTF8.self), $1) }) == [
                "dev/null": ArchiveDevice(isBlock: false, mode: 0o666, owner: 0, group: 1, major: 1, minor: 3),
                "dev/disk": ArchiveDevice(isBlock: true, mode: 0o660, owner: 5, group: 6, major: 8, minor: 16),
                "dev/far": ArchiveDevice(isBlock: false, mode: 0o4600, owner: 70000, group: 2, major: 0, minor: 0),
            ])
    }

    private func scan(_ parts: [UInt8]...) throws(TarScanner.Fault) -> TarScanner {
        var scanner = TarScanner()
        let archive = parts.flatMap { $0 } + [UInt8](repeating: 0, count: 1024)
        let fault = archive.withUnsafeBytes { bytes -> TarScanner.Fault? in
            do throws(TarScanner.Fault) {
                try scanner.update(bytes)
                try scanner.finish()
                return nil
            } catch { return error }
        }
        if let fault { throw fault }
        return scanner
    }

    private func climbs(_ name: String) -> TarScanner.Fault {
        TarScanner.Fault(reason: "its entry '\(name)' climbs out of the archive")
    }

    private let capability = "SCHILY.xattr.security.capability"

    @Test func aFileThatComesAgainHasNotTheAttributesOfTheFirst() throws {
        let capable = extended("x", capability, "all")
        #expect(try scan(capable, entry("./ping")).attributes.all.map(\.shownPath) == ["ping"])
        #expect(try scan(capable, entry("./ping"), entry("ping")).attributes.all.isEmpty)
        #expect(try scan(capable, entry("ping"), entry("ping", "1", link: "other")).attributes.all.isEmpty)
        let both = try scan(capable, entry("ping"), entry("a"), extended("x", capability, "few"), entry("ping"))
        let (path, value) = (Array("ping".utf8), Array("few".utf8))
        #expect(both.attributes.all == [.init(path: path, name: "security.capability", value: value)])
    }

    /// tar(1) makes of it what the numbers of inodes make of it.
    @Test(arguments: ["0", "1", "2", "5"] as [Character]) func refusesAnEntryInPlaceOfALink(_ kind: Character) {
        let fault = TarScanner.Fault(reason: "its entry './out' comes again after a symbolic link of that name")
        #expect(throws: fault) { try scan(entry("out", "2", link: "/tmp"), entry("./out", kind, link: "x")) }
    }

    @Test(arguments: ["path", "linkpath", "size", "GNU.sparse.name"]) func refusesOneNameForAll(_ keyword: String)
        throws
    {
        #expect(throws: TarScanner.Fault(reason: "it gives all its entries one \(keyword)")) {
            try scan(extended("g", keyword, "1000"), entry("file"))
        }
        #expect(try scan(extended("g", "comment", "1000"), entry("file")).count == 1)
    }

    /// GNU's tar takes the name of POSIX.1-2001, in any order.
    @Test func looksAtTheNameThatTarTakes() throws {
        let (gnu, posix) = (entry("././@LongLink", "L", "good"), extended("x", "path", "../escaped"))
        for order in [[gnu, posix], [posix, gnu]] {
            #expect(throws: climbs("../escaped")) { try scan(order[0], order[1], entry("file")) }
        }
        let (gnuLink, posixLink) = (entry("././@LongLink", "K", "good"), extended("x", "linkpath", "../secret"))
        #expect(throws: climbs("file")) { try scan(posixLink, gnuLink, entry("file", "1")) }
        let sparse = extended("x", "GNU.sparse.name", "../../bad")
        #expect(throws: climbs("../../bad")) { try scan(sparse, extended("x", "path", "harmless/n"), entry("file")) }
    }

    // MARK: Kinds of entries

    /// The next entry must be found at tar's place: content that only one of the two passes over could hide a header.
    @Test(
        arguments: [
            ("0", true), ("\0", true), ("7", true), ("9", true), ("Z", true), ("D", true), ("V", true), ("S", true),
            ("1", false), ("2", false), ("3", false), ("4", false), ("5", false), ("6", false),
        ] as [(Character, Bool)]) func contentIsPassedOverWhereTarDoesSo(_ kind: Character, _ hasContent: Bool) throws
    {
        // The content is a header, as it would be of a file that climbs out.
        let inner = String(decoding: entry("../escaped"), as: UTF8.self)
        let link = "12".contains(kind) ? "x" : ""
        do {
            let scanner = try scan(entry("x"), entry("name", kind, link: link, inner), entry("y"))
            #expect(hasContent && scanner.count == (kind == "V" ? 2 : 3))
        } catch {
            #expect(!hasContent && error == climbs("../escaped"))
        }
    }

    @Test func aDirectoryWithContentIsRefused() throws {
        let fault = TarScanner.Fault(reason: "its directory 'd/' has content")
        #expect(throws: fault) { try scan(entry("d/", "0", "x")) }
        #expect(throws: fault) { try scan(extended("x", "path", "d/"), entry("harmless", "0", "x")) }
        #expect(try scan(entry("d/", "0"), entry("e/", "D", "names")).count == 2)
    }

    /// Records whose sign stands where the line feed should, that have none, or that end too early.
    @Test(arguments: ["4 a=", "3 =", "5 a=b", "6 a=bc\0", "3 a=b\n", "99 a=b\n", "5 ab\n"])
    func aRecordThatIsNoneIsRefused(_ record: String) {
        let fault = #expect(throws: TarScanner.Fault.self) { try scan(entry("pax", "x", record), entry("a", "0", "x")) }
        #expect(fault?.reason.contains("damaged extended attributes") == true)
    }

    @Test func oneVolumeOfSeveralIsRefused() {
        #expect(throws: TarScanner.Fault(reason: "it is one volume of several")) { try scan(entry("x", "M", "x")) }
    }

    /// Base 256 can hold numbers that are no size.
    @Test(arguments: [[0xFF, 0xFF], [0x80, 0x01], [0x81, 0x00]] as [[UInt8]])
    func aSizeThatCannotBeIsRefused(_ beginning: [UInt8]) throws {
        var block = entry("x")
        block.replaceSubrange(124..<136, with: beginning + [UInt8](repeating: beginning[1], count: 10))
        block.replaceSubrange(148..<156, with: "        ".utf8)
        let sum = String(block.reduce(0o1000000) { $0 + Int($1) }, radix: 8).dropFirst()
        block.replaceSubrange(148..<156, with: (sum + "\0 ").utf8)
        #expect(throws: TarScanner.Fault(reason: "it is no tar archive")) { try scan(block) }
    }

    // MARK: Attributes

    @Test func readsAttributesInTheWaysOfEachProgram() throws {
        let scanner = try scan(
            extended("x", "RHT.security.selinux", "a:b:c"), extended("x", "LIBARCHIVE.xattr.user.note", "aGVsbG8"),
            extended("x", "SCHILY.acl.access", "user::rw-"), entry("a"),
            extended("x", "LIBARCHIVE.xattr.user.note", "b3RoZXI"), extended("x", "SCHILY.xattr.user.note", "hello"),
            extended("x", "RHT.security.selinux", "short"), extended("x", "SCHILY.xattr.security.selinux", "long"),
            extended("x", "SCHILY.fflags", "nodump"), entry("b"), extended("x", "SCHILY.acl.ace", "owner@:r"),
            entry("c"))
        #expect(
            scanner.attributes.all.map { [$0.shownPath, $0.name, String(decoding: $0.value, as: UTF8.self)] } == [
                ["a", "security.selinux", "a:b:c\0"], ["a", "user.note", "hello"],
                ["a", "SCHILY.acl.access", "user::rw-"], ["b", "user.note", "hello"],
                ["b", "security.selinux", "long"],
            ])
        #expect(scanner.attributes.incompleteFiles == 2)
    }

    /// Names are bytes: what Swift takes for one character, or for the same text, may be two names.
    @Test func namesAreComparedByteByByte() throws {
        let spelt = try scan(
            extended("x", "SCHILY.xattr.user.a", "1"), entry("\u{E9}"), extended("x", "SCHILY.xattr.user.a", "2"),
            entry("e\u{301}"), entry("link", "2", link: "\u{E9}"), entry("li\u{301}nk"))
        #expect(spelt.attributes.all.map(\.path) == [Array("\u{E9}".utf8), Array("e\u{301}".utf8)])
        #expect(spelt.attributes.all.map(\.value) == [[0x31], [0x32]])
        for name in ["link/\u{301}x", "./link/\u{301}/x"] {
            let fault = #expect(throws: TarScanner.Fault.self) {
                try scan(entry("link", "2", link: "/tmp"), entry(name))
            }
            #expect(fault?.reason.contains("leads through the symbolic link 'link'") == true)
        }
        #expect(throws: TarScanner.Fault.self) { try scan(entry("..\u{2F}\u{301}x")) }
        #expect(throws: TarScanner.Fault.self) { try scan(entry("/\u{301}x")) }
    }

    /// GNU's tar writes two characters of a name in another way; star and others do not.
    @Test func readsNamesOfAttributesAsTheyAre() throws {
        let names = ["user.a%3Db", "user.a%253Db", "user.100%", "user.\u{E9}"]
        let scanner = try scan(names.flatMap { extended("x", "SCHILY.xattr." + $0, "1") }, entry("a"))
        #expect(scanner.attributes.all.map(\.name) == ["user.a=b", "user.a%3Db", "user.100%", "user.\u{E9}"])
    }

    @Test(arguments: [
        ("user.a", true), ("security.selinux", true), ("trusted.overlay.opaque", true), ("user.", false), ("", false),
        ("system.posix_acl_access", true), ("system.nfs4_acl", false), ("com.apple.quarantine", false),
        ("user." + String(repeating: "n", count: 250), true), ("user." + String(repeating: "n", count: 251), false),
    ]) func knowsTheNamesOfLinux(_ name: String, _ isKnown: Bool) {
        #expect(ExtendedAttribute(path: [], name: name, value: [1]).isOfLinux == isKnown)
    }

    @Test func anArchiveWithoutFilesIsNone() throws {
        #expect(throws: TarScanner.Fault(reason: "it has no files")) { try scan([]) }
    }
}
