import Foundation
import TestSupport
import Testing

/// `datastore/downloader.sh` and archives, which become directories.
@Suite struct DownloaderArchiveTests {
    private let rig: DownloaderRig

    init() throws {
        rig = try DownloaderRig()
    }

    /// Makes `sources/archive` by a script that has a tar `t`, or a zip `z`, open.
    private func make(_ kind: String, _ statements: String) throws -> String {
        let path = rig.sources + "/archive"
        let script = """
            import io, sys, tarfile, zipfile
            def file(name, text):
                if t: t.addfile(member(name, size=len(text)), io.BytesIO(text.encode()))
                else: z.writestr(name, text)
            def member(name, **fields):
                info = tarfile.TarInfo(name)
                for field, value in fields.items(): setattr(info, field, value)
                return info
            kind, path = sys.argv[1:]
            t = None if kind == "zip" else tarfile.open(path, "w:" + kind)
            z = zipfile.ZipFile(path, "w") if kind == "zip" else None
            \(statements)
            (t or z).close()
            """
        try TestFiles.succeed(["python3", "-c", script, kind, path])
        return path
    }

    private static let harmless =
        "file('disk', 'a disk'); file('folder/other', 'another'); t and t.addfile(member('link', type=b'2', linkname='folder/other'))"

    @Test(arguments: ["", "gz", "xz", "zip"]) func becomesADirectory(_ kind: String) throws {
        let archive = try make(kind, Self.harmless)
        // In place of a file.
        try rig.directory.write("targets/file", [1])
        rig.expectSuccess(try rig.download(["-m", TestFiles.md5(archive), archive, rig.target]))
        #expect(try rig.targets() == ["file"])
        let names = try rig.directory.names(in: "targets/file")
        #expect(names == ["disk", "folder"] + (kind == "zip" ? [] : ["link"]))
        let linked = kind == "zip" ? "folder/other" : "link"
        #expect(try String(contentsOfFile: rig.target + "/" + linked, encoding: .utf8) == "another")
        #expect(try TestFiles.status(rig.target).mode & 0o777 == 0o755)
    }

    @Test(arguments: ["", "zip"]) func staysOneWhereItIsWanted(_ kind: String) throws {
        let archive = try make(kind, Self.harmless)
        rig.expectSuccess(try rig.download(["-n", archive, rig.target]))
        try rig.expectTarget(archive)
        rig.expectSuccess(try rig.download(["-c", "100", archive, rig.target]))
        #expect(try TestFiles.status(rig.target).size == 100)
        let script = "exec \"$@\" > '\(rig.target)'"
        rig.expectSuccess(try rig.download([archive, "-"], through: ["sh", "-c", script, "sh"]))
        try rig.expectTarget(archive)
    }

    /// unzip(1) leaves the `..` out.
    @Test func keepsAZipsMemberInside() throws {
        rig.expectSuccess(try rig.download([make("zip", "file('../evil', 'x')"), rig.target]))
        #expect(try rig.targets() == ["file"])
        #expect(try rig.directory.names(in: "targets/file") == ["evil"])
    }

    /// The kind, what is in it, and a word of the refusal.
    @Test(arguments: [
        ("", "file('../evil', 'x')", "'..'"), ("zip", "file('/tmp/evil', 'x')", "absolute path"),
        ("", "t.addfile(member('link', type=b'2', linkname='/etc'))", "its link 'link' leads out of it"),
        ("", "t.addfile(member('link', type=b'2', linkname='../../evil'))", "its link 'link' leads out of it"),
        ("", "t.addfile(member('d/link', type=b'2', linkname='../nothing'))", "its link 'link' leads out of it"),
        (
            "", "t.addfile(member('link', type=b'2', linkname='..')); file('link/evil', 'x')",
            "the archive"
        ),
        ("", "t.addfile(member('hole', type=b'1', linkname='/etc/passwd'))", "tar: "),
        ("", "t.addfile(member('pipe', type=b'6'))", "'pipe' in it is a named pipe"),
        ("", "t.addfile(member('null', type=b'3', devmajor=1, devminor=3))", "null"),
        ("", "file('disk', 'x' * 5000); import atexit, os; atexit.register(os.truncate, path, 1000)", "tar: "),
    ])
    func refusesWhatLeavesIt(_ kind: String, _ statements: String, _ cause: String) throws {
        let archive = try make(kind, statements)
        try rig.expectNothing(try rig.download([archive, rig.target]), "Cannot unpack the archive", cause)
        #expect(try rig.directory.names() == ["sources", "targets"])
        #expect(!FileManager.default.fileExists(atPath: "/tmp/evil"))
    }
}
