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
        #expect(try scan(capable, entry("./ping")).attributes.map(\.path) == ["ping"])
        #expect(try scan(capable, entry("./ping"), entry("ping")).attributes.isEmpty)
        #expect(try scan(capable, entry("ping"), entry("ping", "1", link: "other")).attributes.isEmpty)
        let both = try scan(capable, entry("ping"), entry("a"), extended("x", capability, "few"), entry("ping"))
        #expect(both.attributes == [.init(path: "ping", name: "security.capability", value: Array("few".utf8))])
    }

    @Test(arguments: ["path", "linkpath", "size", "GNU.sparse.name"]) func refusesOneNameForAll(_ keyword: String)
        throws
    {
        #expect(throws: TarScanner.Fault(reason: "it gives all its entries one \(keyword)")) {
            try scan(extended("g", keyword, "1000"), entry("file"))
        }
        #expect(try scan(extended("g", "comment", "1000"), entry("file")).count == 1)
    }

    /// GNU's tar takes the name of POSIX.1-2001, wherever the other one stands.
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

    @Test func anArchiveWithoutFilesIsNone() throws {
        #expect(throws: TarScanner.Fault(reason: "it has no files")) { try scan([]) }
    }
}
