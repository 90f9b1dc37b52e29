import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `datastore/downloader.sh`: its command line, its targets, and what it makes of the bytes.
@Suite struct DownloaderTests {
    private let rig: DownloaderRig

    init() throws {
        rig = try DownloaderRig()
    }

    // MARK: Command line

    /// Arguments with SRC and DST in them, and what comes of them: nil is success, else words of the refusal.
    @Test(
        arguments: [
            (["SRC", "DST"], nil), (["-n", "SRC", "DST"], nil), (["SRC", "-n", "DST", "-o"], nil),
            (["--md5", "MD5", "SRC", "DST"], nil), (["SRC", "DST", "--md5=MD5"], nil), (["-mMD5", "SRC", "DST"], nil),
            (["-m", "MD5", "-s", "SHA1", "SRC", "DST"], nil), (["--sha256", "SHA256", "SRC", "DST"], nil),
            (["-nol10M", "SRC", "DST"], nil), (["-no", "-l", "1g", "--", "SRC", "DST"], nil),
            (["--nodec", "--max=100000", "SRC", "DST"], nil), (["--limit", "512K", "--noretry", "SRC", "DST"], nil),
            ([], "0 operands"), (["SRC"], "1 operands"), (["SRC", "DST", "more"], "3 operands"),
            (["", "DST"], "FROM is empty"), (["SRC", ""], "TO is empty"),
            (["--unknown", "SRC", "DST"], "--unknown is no option"), (["-x", "SRC", "DST"], "-x is no option"),
            (["--no", "SRC", "DST"], "several options"), (["--nodecomp=1", "SRC", "DST"], "takes no value"),
            (["SRC", "DST", "--md5"], "--md5 needs a value"), (["SRC", "DST", "-l"], "-l needs a value"),
            (["--md5", "x", "SRC", "DST"], "is no MD5 checksum"), (["--md5=", "SRC", "DST"], "is no MD5 checksum"),
            (["--limit", "fast", "SRC", "DST"], "is no rate"), (["-l", "0", "SRC", "DST"], "is no rate"),
            (["-l", "99999999999999999999", "SRC", "DST"], "is no rate"), (["-l", "-5", "SRC", "DST"], "is no rate"),
            (["-l", "1$(touch x)", "SRC", "DST"], "is no rate"), (["-c", "1k", "SRC", "DST"], "is no number of bytes"),
            (["-c", "99999999999999999999", "SRC", "DST"], "is no number of bytes"),
            (["-c", "5", "--md5", "MD5", "SRC", "DST"], "a digest cannot be checked of a part"),
        ] as [([String], String?)])
    func commandLine(_ words: [String], _ refusal: String?) throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(100_000))
        let values = try [
            "SRC": source, "DST": rig.target, "MD5": TestFiles.md5(source).uppercased(),
            "SHA256": TestFiles.sha256(source),
            "SHA1": String(TestFiles.succeed(["sha1sum", source]).output.prefix(40)),
        ]
        let arguments = words.map { word in
            values.reduce(word) { $0.replacingOccurrences(of: $1.key, with: $1.value) }
        }
        let outcome = try rig.download(arguments)
        if let refusal {
            try rig.expectNothing(outcome, refusal)
        } else {
            rig.expectSuccess(outcome)
            #expect(outcome.output == "")
            try rig.expectTarget(source)
        }
    }

    @Test func helpIsPrinted() throws {
        let outcome = try rig.download(["--help"])
        rig.expectSuccess(outcome)
        #expect(outcome.output.hasPrefix("datastore/downloader.sh: ") && outcome.output.contains("--sha256"))
    }

    // MARK: Targets

    @Test func theBytesGoToStandardOutputAlone() throws {
        try rig.directory.write("sources/disk", "a disk".utf8)
        // A path may be relative.
        let outcome = try run(
            ["sh", "-c", "cd \"$1\" && exec \"$2\" disk -", "sh", rig.sources, DownloaderRig.program])
        rig.expectSuccess(outcome)
        #expect(outcome.output == "a disk")
    }

    @Test func theCallersStandardInputStays() throws {
        let source = try rig.directory.write("sources/disk.gz", [])
        try TestFiles.succeed(["sh", "-c", "echo disk | gzip > \"$1\"", "sh", source])
        let script = "\"$1\" \"$2\" -\necho next\n"
        let outcome = try run(
            ["sh", "-s", DownloaderRig.program, source], input: script.utf8)
        #expect(outcome.output == "disk\nnext\n")
    }

    @Test("a file keeps its mode and its links, a new one gets the umask's")
    func existingFile() throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(10_000))
        rig.expectSuccess(
            try rig.download([source, rig.target], through: ["sh", "-c", "umask 027; exec \"$@\"", "sh"]))
        #expect(try TestFiles.status(rig.target).mode & 0o7777 == 0o640)
        chmod(rig.target, 0o604)
        let link = rig.directory.path("link")
        symlink(rig.target, link)
        rig.expectSuccess(try rig.download(["-c", "100", source, link]))
        #expect(try TestFiles.status(link).mode & S_IFMT == S_IFLNK)
        let status = try TestFiles.status(rig.target)
        #expect(status.mode & 0o7777 == 0o604 && status.size == 100)
        #expect(try rig.targets() == ["file"])
        // The new file is this user's, whoever made the old one.
        chmod(rig.target, 0o4755)
        rig.expectSuccess(try rig.download([source, rig.target]))
        #expect(try TestFiles.status(rig.target).mode & 0o7777 == 0o755)
    }

    @Test("a link that leads to nothing is written through, as a shell does", arguments: ["targets/file", "absolute"])
    func danglingLink(_ first: String) throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(10_000))
        let link = rig.directory.path("link")
        symlink("middle", link)
        symlink(first == "absolute" ? rig.target : first, rig.directory.path("middle"))
        rig.expectSuccess(try rig.download([source, link]))
        try rig.expectTarget(source)
        #expect(try TestFiles.status(link).mode & S_IFMT == S_IFLNK)
        // Nothing is put beside a link into a directory that is missing, or in place of one that leads to itself.
        for (name, target, cause) in [
            ("astray", "nowhere/file", "No such file or directory"), ("loop", "loop", "symbolic links"),
        ] {
            let link = rig.directory.path(name)
            symlink(target, link)
            expectRefusal(try rig.download([source, link]), [cause])
            #expect(try TestFiles.status(link).mode & S_IFMT == S_IFLNK)
        }
    }

    @Test("an object's keys come from the message: without one, that is what is told")
    func objectWithoutMessage() throws {
        let withoutMarket = try DriverMessage("datastore-cp-local-raw")
        for message in [nil, withoutMarket] {
            let outcome = try rig.download(["s3://bucket/key", rig.target], message: message)
            try rig.expectNothing(outcome, "Cannot read the image 's3://bucket/key'", "DRV_ACTION", "pass the message")
        }
    }

    @Test("an argument that is no text is refused: it would become another name")
    func noText() throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(1000))
        let script = "exec \"$@\" \"$0/$(printf 'out\\377')\""
        let outcome = try rig.download([source], through: ["sh", "-c", script, rig.directory.path])
        expectRefusal(outcome, ["an argument is not in UTF-8", "rename the file"])
        #expect(try rig.targets() == [])
    }

    @Test func holesBecomeHoles() throws {
        let source = try TestFiles.makeSparse(
            rig.sources + "/disk", length: 64 << 20, data: [40 << 20: TestFiles.noise(100_000)])
        try TestFiles.succeed(["gzip", "-k", source])
        for from in [source, source + ".gz"] {
            rig.expectSuccess(try rig.download([from, rig.target]))
            try rig.expectTarget(source)
            #expect(try TestFiles.status(rig.target).allocatedSize < 1 << 20)
        }
    }

    @Test(
        "devices, named pipes and what a shell has opened are written in place",
        arguments: ["pipe", "/dev/stdout", "/dev/fd/1"])
    func inPlace(_ kind: String) throws {
        let source = try TestFiles.makeSparse(
            rig.sources + "/disk", length: 3 << 20, data: [1 << 20: TestFiles.noise(100_000)])
        let path = kind == "pipe" ? try TestFiles.makePipe(rig.directory.path("pipe")) : kind
        // In the first case a reader comes late, in the others standard output is a regular file.
        let script =
            kind == "pipe"
            ? "\"$1\" \"$2\" \"$3\" & sleep 0.3; cat \"$3\" > \"$4\"; wait $!" : "\"$1\" \"$2\" \"$3\" > \"$4\""
        rig.expectSuccess(
            try run(["sh", "-c", script, "sh", DownloaderRig.program, source, path, rig.target]))
        try rig.expectTarget(source)
    }

    @Test(.enabled(if: geteuid() == 0, "loop devices need root")) func blockDevice() throws {
        let backing = try rig.directory.write("backing", [UInt8](repeating: 7, count: 4 << 20))
        let device = try TestFiles.succeed(["losetup", "--find", "--show", backing]).output
            .trimmingCharacters(in: .newlines)
        defer { _ = try? run(["losetup", "-d", device]) }
        let source = try TestFiles.makeSparse(rig.sources + "/disk", length: 4 << 20, data: [1 << 20: [1]])
        rig.expectSuccess(try rig.download([source, device]))
        #expect(try run(["cmp", source, device]).status.isSuccess)
        // It can be read as well.
        rig.expectSuccess(try rig.download([device, rig.target]))
        try rig.expectTarget(source)
    }

    @Test(
        "what cannot be written is told",
        arguments: [("/", "Is a directory"), ("nowhere/file", "No such file or directory"), ("/dev/full", "No space")])
    func badTarget(_ path: String, _ cause: String) throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(10_000))
        let target = path.hasPrefix("/") ? path : rig.directory.path(path)
        try rig.expectNothing(try rig.download([source, target]), cause)
    }

    @Test func aReaderThatGoesIsAFailure() throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(4 << 20))
        let script = "{ \"$1\" \"$2\" -; echo $? >&3; } 3>&2 | head -c 10 > /dev/null"
        let outcome = try run(["sh", "-c", script, "sh", DownloaderRig.program, source])
        #expect(outcome.errors.contains("Cannot write to 'standard output': Broken pipe"))
        #expect(outcome.errors.hasSuffix("1\n"))
    }

    // MARK: Compression

    /// By what it is made, whether -n is given, and whether the bytes stay as they are.
    @Test(arguments: ["gzip", "bzip2", "xz", "zstd", "lz4"], [false, true])
    func compression(_ program: String, _ keeps: Bool) throws {
        let plain = try rig.directory.write("sources/disk", TestFiles.noise(300_000))
        let packed = rig.sources + "/packed"
        try TestFiles.succeed(["sh", "-c", "\"$1\" -c \"$2\" > \"$3\"", "sh", program, plain, packed])
        let options = (keeps ? ["-n"] : []) + ["--md5", try TestFiles.md5(packed)]
        rig.expectSuccess(try rig.download(options + [packed, rig.target]))
        try rig.expectTarget(keeps ? packed : plain)
    }

    @Test func damageIsAFailure() throws {
        let plain = try rig.directory.write("sources/disk", TestFiles.noise(300_000))
        try TestFiles.succeed(["gzip", plain])
        truncate(plain + ".gz", 200_000)
        try rig.expectNothing(try rig.download([plain + ".gz", rig.target]), "gzip failed")
    }

    // MARK: Digests

    @Test("each digest is checked, and a bad one leaves nothing, or what was there before")
    func digests() throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(100_000))
        let md5 = try TestFiles.md5(source)
        for (option, digits) in [("--md5", 32), ("--sha1", 40), ("--sha256", 64)] {
            let wrong = String(repeating: "0", count: digits)
            let good = option == "--md5" ? [] : ["--md5", md5]
            try rig.expectNothing(
                try rig.download(good + [option, wrong, source, rig.target]), "where \(wrong) was expected")
        }
        try rig.directory.write("targets/file", "old".utf8)
        #expect(try rig.download(["-m", String(repeating: "0", count: 32), source, rig.target]).status == .exited(1))
        #expect(try String(contentsOfFile: rig.target, encoding: .utf8) == "old")
        #expect(try rig.targets() == ["file"])
        let late = try rig.download(["-m", String(repeating: "0", count: 32), source, "-"])
        #expect(late.status == .exited(1) && late.reasons.count == 1)
    }

    /// What DRV_ACTION says of the image that is fetched: by the names of attributes, and whether it is about FROM.
    @Test(
        arguments: [
            ("FROM_APP_MD5", true, "its MD5 is"), ("MD5", true, "its MD5 is"), ("SHA256", true, "its SHA256 is"),
            ("SHA1", true, "its SHA1 is"), ("FROM_APP_MD5", false, nil),
        ] as [(String, Bool, String?)])
    func digestsOfTheMessage(_ attribute: String, _ isSame: Bool, _ refusal: String?) throws {
        let source = try rig.directory.write("sources/disk", TestFiles.noise(100_000))
        let digits = ["SHA1": 40, "SHA256": 64][attribute] ?? 32
        let message = try DriverMessage("datastore-cp-local-raw").with([
            "IMAGE/PATH": isSame ? source : source + "2",
            "IMAGE/TEMPLATE/\(attribute)": String(repeating: "0", count: digits),
        ])
        let outcome = try rig.download([source, rig.target], message: message)
        if let refusal {
            try rig.expectNothing(outcome, refusal)
        } else {
            rig.expectSuccess(outcome)
        }
        // Of a part nothing is known.
        rig.expectSuccess(try rig.download(["-c", "10", source, rig.target], message: message))
    }

    @Test func aMessageThatIsNoneIsRefused() throws {
        let source = try rig.directory.write("sources/disk", [1])
        try rig.expectNothing(
            try rig.download([source, rig.target], environment: ["DRV_ACTION": "%%%"]), "DRV_ACTION", "neither base64")
    }

    // MARK: Parts

    /// How many bytes there are, how many are asked for, and how many come.
    @Test(arguments: [
        (100_000, 65_536, 65_536), (100, 65_536, 100), (0, 10, 0), (100_000, 0, 0), (65_536, 65_536, 65_536),
    ])
    func parts(_ size: Int, _ limit: Int, _ expected: Int) throws {
        let bytes = TestFiles.noise(size)
        let source = try rig.directory.write("sources/disk", bytes)
        try TestFiles.succeed(["gzip", "-k", source])
        let beginning = try rig.directory.write("beginning", bytes.prefix(expected))
        // A compressed file that holds nothing is refused.
        for from in size == 0 ? [source] : [source, source + ".gz"] {
            rig.expectSuccess(try rig.download(["-c", "\(limit)", from, rig.target]))
            try rig.expectTarget(beginning)
            let script = "\"$1\" -c \"$2\" \"$3\" - > \"$4\""
            let program = DownloaderRig.program
            rig.expectSuccess(try run(["sh", "-c", script, "sh", program, "\(limit)", from, rig.target]))
            try rig.expectTarget(beginning)
        }
    }

    @Test func aHoleIsCutAsWell() throws {
        let source = try TestFiles.makeSparse(rig.sources + "/disk", length: 8 << 30, data: [:])
        rig.expectSuccess(try rig.download(["-c", "1000000", source, rig.target]))
        #expect(try TestFiles.status(rig.target).size == 1_000_000)
    }
}
