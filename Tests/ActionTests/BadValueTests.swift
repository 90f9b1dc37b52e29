import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Values that an administrator mistypes, or that somebody chooses with care.
@Suite struct BadValueTests {
    private static let publicDirectory = "MARKETPLACE/TEMPLATE/PUBLIC_DIR"
    private static let baseURL = "MARKETPLACE/TEMPLATE/BASE_URL"
    private static let marketActions: [LocalAction] = [.importing, .deleting, .monitoring]
    /// Names that a shell, an option parser or a line reader would stumble over.
    private static let oddNames = [
        "a b", " ", "'\"`", "$(touch x)", "; touch x;", "a\nb\n", "-rf", "*", "ünïcødé 😀", "\\", "%s%n", "#",
    ]

    private let market: LocalMarket

    init() throws {
        market = try LocalMarket()
    }

    private func refuses(
        _ action: LocalAction, _ path: String, _ value: String, _ parts: [String], through wrapper: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let message = try action.message(market).with(path, value)
        let before = try market.contents()
        let outcome = try market.act(action.rawValue, input: message.base64, through: wrapper)
        expectRefusal(outcome, parts, sourceLocation: sourceLocation)
        #expect(try market.contents() == before, sourceLocation: sourceLocation)
    }

    @Test(arguments: marketActions)
    func refusesAnUnusablePublicDirectory(_ action: LocalAction) throws {
        let file = try market.directory.write("file", [1])
        let rows = [
            (market.directory.path("missing"), "No such file or directory", "check that it exists"),
            (market.directory.path("missing/$(touch x)"), "No such file or directory", "check that it exists"),
            (file, "Not a directory", "check the path"),
            (file + "/below", "Not a directory", "check the path"),
            ("public", "its value 'public' is no absolute path", "begin it with /"),
            ("-rf", "its value '-rf' is no absolute path", "begin it with /"),
            ("$(touch x)", "its value '$(touch x)' is no absolute path", "begin it with /"),
            (" \(market.publicDirectory)", "is no absolute path", "begin it with /"),
            ("/" + String(repeating: "a", count: 300), "File name too long", "check it"),
        ]
        for (value, cause, remedy) in rows {
            try refuses(action, Self.publicDirectory, value, [cause, remedy])
        }
    }

    @Test(arguments: marketActions, oddNames)
    func anOddPublicDirectoryIsADirectory(_ action: LocalAction, _ name: String) throws {
        let path = try market.directory.makeDirectory(name)
        try market.directory.write(name + "/app", [1])
        let message = try action.message(market).with(Self.publicDirectory, path)
        let outcome = try market.act(action.rawValue, message)
        #expect(outcome.status == .exited(0) && outcome.reasons.isEmpty)
        // `import` adds a file, `delete` removes the only one.
        let count = try market.directory.names(in: name).count
        #expect(count == (action == .importing ? 2 : action == .deleting ? 0 : 1))
        #expect(try market.published() == (action == .deleting ? ["app"] : []))
    }

    @Test(arguments: [
        "frontend.example", "ftp://frontend.example", "http://", "https:///", "file:///srv", "http://a b",
        "http://a\"b", "http://a\\b", "http://a\nb", "http://a]]>b", "http://a/é", "$(touch x)",
    ])
    func refusesABaseURLThatIsNone(_ url: String) throws {
        for action in Self.marketActions + [.bringing] {
            try refuses(action, Self.baseURL, url, ["Cannot use \(Self.baseURL)", "is no URL", "write it as in"])
        }
    }

    @Test func refusesASizeThatIsTooLarge() throws {
        try refuses(.importing, "SIZE", "18446744073709551616", ["Cannot use SIZE", "is too large", "give a smaller"])
    }

    @Test(arguments: ["4 MB", "-1", "1.5", "0x10", "4\n", "٤", "+4", "NaN"])
    func refusesASizeThatIsNoNumber(_ size: String) throws {
        try refuses(.importing, "SIZE", size, ["Cannot use SIZE", "is not a whole number", "write digits only"])
    }

    @Test(arguments: ["RAW", "qcow 2", "$(touch x)", "raw\nMD5=\"1\"", "raw\"", String(repeating: "a", count: 33)])
    func refusesAFormatThatIsNone(_ format: String) throws {
        try refuses(.importing, "FORMAT", format, ["Cannot use FORMAT", "is no image format", "write raw, qcow2"])
    }

    @Test func refusesASourceThatIsNoImage() throws {
        let pipe = try TestFiles.makePipe(market.directory.path("pipe"))
        let rows = [
            (market.directory.path("missing"), "No such file or directory", "check that it exists"),
            (market.directory.path("$(touch x)"), "No such file or directory", "check that it exists"),
            (market.datastore, "it is a directory", "name a regular file or a block device"),
            (pipe, "it is a named pipe", "name a regular file or a block device"),
            ("/dev/zero", "it is a character device", "name a regular file or a block device"),
            (market.datastore + "/image/below", "Not a directory", "check the path"),
            ("datastore/image", "its kind is not known here", "give a path"),
            ("-rf", "its kind is not known here", "give a path"),
            ("file:///etc/passwd", "its kind is not known here", "give a path"),
        ]
        for (source, cause, remedy) in rows {
            try refuses(.importing, "IMPORT_SOURCE", source, ["the image '\(source)'", cause, remedy])
        }
        for (source, cause, remedy) in rows where source.hasPrefix(market.directory.path) {
            let message = try market.exportMessage(source)
                .with("DATASTORE/TEMPLATE/SAFE_DIRS", market.directory.path)
            expectRefusal(try market.act("datastore-fs-export", message), [source, cause, remedy])
        }
    }

    @Test(arguments: oddNames)
    func anOddSourceIsAFile(_ name: String) throws {
        let image = try market.directory.write(name, TestFiles.noise(10_000))
        #expect(try reply(of: market.import(image))["MD5"] == TestFiles.md5(image))
    }

    // MARK: As a user who may not do everything

    @Test func tellsWhatTheUserMayNotWrite() throws {
        chmod(market.publicDirectory, 0o555)
        defer { chmod(market.publicDirectory, 0o755) }
        for action in [LocalAction.importing, .deleting] {
            let message = try action.message(market)
            let before = try market.contents()
            let outcome = try market.act(action.rawValue, input: message.base64, through: LocalMarket.unprivileged)
            expectRefusal(outcome, [market.publicDirectory, "Permission denied", "(oneadmin) use it"])
            #expect(try market.contents() == before)
        }
    }

    @Test func tellsWhatTheUserMayNotRead() throws {
        let image = try market.directory.write("datastore/secret", TestFiles.noise(1000), mode: 0)
        for (program, message) in [
            ("market-http-import", try market.importMessage(image)),
            ("datastore-fs-export", try market.exportMessage(image)),
            ("datastore-fs-export", try market.exportMessage(image, format: nil)),
        ] {
            let outcome = try market.act(program, input: message.base64, through: LocalMarket.unprivileged)
            expectRefusal(outcome, [image, "Permission denied"])
        }
        #expect(try market.published() == [])
    }
}
