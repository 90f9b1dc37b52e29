import Foundation
import TestSupport
import Testing

/// Root file systems as people pack them: with the options of tar(1), and with the additions of image makers.
@Suite struct ContainerArchiveTests {
    private let rig: ContainerRig
    private let tree: TemporaryDirectory

    init() throws {
        rig = try ContainerRig()
        tree = try TemporaryDirectory()
        try TestFiles.succeed(["chmod", "755", tree.path])
        _ = try tree.makeDirectory("etc")
        try tree.write("etc/passwd", "root:x:0:0::/:/bin/sh\nnobody:x:99:98::/:/bin/sh\n".utf8)
        try tree.write("etc/group", "root:x:0:\nnogroup:x:98:\n".utf8)
    }

    /// Makes an archive of the tree with tar, on the server.
    private func pack(_ options: [String]) throws {
        let archive = rig.catalog.directory.path("archive.tar")
        try TestFiles.succeed(["tar", "-C", tree.path, "-cf", archive] + options + ["."])
        try rig.prepare("--archive", archive)
    }

    private func image(_ fileSystem: String = "ext4", size: Int = 64, warnings: Int = 0) throws -> String {
        let size = fileSystem == "xfs" ? max(size, 300) : size
        let outcome = try rig.export(rig.message(size: size, fileSystem: fileSystem))
        #expect(outcome.warnings.count == warnings, "\(outcome.errors)")
        return try rig.image(outcome, size: size)
    }

    private func dump(_ path: String, of image: String) throws -> String {
        let copy = rig.catalog.directory.path("copy")
        _ = try rig.debug(image, "dump \(path) \(copy)")
        return copy
    }

    // MARK: Sparse files

    @Test(arguments: [
        ["--format=gnu"], ["--format=oldgnu"], ["--format=posix", "--sparse-version=0.0"],
        ["--format=posix", "--sparse-version=0.1"], ["--format=posix", "--sparse-version=1.0"], ["--format=v7"],
    ]) func keepsSparseFilesOfEveryFormat(_ format: [String]) throws {
        // More pieces than a header and the block behind it hold, and ends that are no whole blocks.
        let pieces = Dictionary(
            uniqueKeysWithValues: (0..<90).map { (Int64($0) * 300_000, TestFiles.noise(700, seed: UInt64($0 + 1))) })
        let files = try [
            ("many", 27_000_001, pieces), ("one", 1 << 20, [500_000: [1]]), ("hole", 3_000_000, [:]),
            ("tail", 100_002, [0: [1, 2], 100_000: [3, 4]]),
        ].map { name, length, data in
            try TestFiles.makeSparse(tree.path(name), length: length, data: data)
        }
        try pack(format + (format == ["--format=v7"] ? [] : ["--sparse", "--hole-detection=seek"]))
        let image = try image(size: 100)
        for file in files {
            let name = URL(filePath: file).lastPathComponent
            #expect(try run(["cmp", dump("/" + name, of: image), file]).status.isSuccess, "\(name)")
        }
    }

    @Test func passesOverALabelAndListsOfDirectories() throws {
        try pack([
            "--format=gnu", "--label=/backup of ../x", "--listed-incremental=" + rig.catalog.directory.path("list"),
        ])
        let image = try image()
        #expect(try rig.debug(image, "cat /etc/passwd").hasPrefix("root:"))
    }

    // MARK: Access control lists

    /// GNU's tar writes the host's names in lists in words: the numbers are the image's own.
    @Test(
        arguments: [["--acls"], ["--acls", "--numeric-owner"], ["--xattrs"], ["--acls", "--xattrs"]], ["ext4", "xfs"])
    func keepsAccessControlLists(_ options: [String], _ fileSystem: String) throws {
        let file = try tree.write("shared", [1], mode: 0o640)
        _ = try tree.makeDirectory("inbox")
        try TestFiles.succeed(["setfacl", "-m", "u:65534:rw,g:1234:r", file])
        try TestFiles.succeed(["setfacl", "-d", "-m", "u:4321:rx", tree.path("inbox")])
        try pack(options)
        let image = try image(fileSystem)
        // If the archive has numbers, too, they are kept.
        let user = options.contains("--xattrs") ? 65534 : 99
        if fileSystem == "ext4" {
            let list = try rig.debug(image, "ea_get -x /shared system.posix_acl_access")
            let bytes = String(format: "02 00 06 00 %02x %02x 00 00", user & 0xFF, user >> 8)
            #expect(list.contains(bytes) && list.contains("08 00 04 00 d2 04 00 00"), "\(list)")
            #expect(
                try rig.debug(image, "ea_get -x /inbox system.posix_acl_default").contains("02 00 05 00 e1 10 00 00"))
            #expect(try !rig.debug(image, "ea_list /etc/passwd").contains("posix_acl"))
            #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        } else {
            let list = try XFSImageTests.database(image, "path /shared", "print a.sfattr.list[0]")
            #expect(list.contains("SGI_ACL_FILE"))
            #expect(try XFSImageTests.database(image, "path /inbox", "print a.sfattr").contains("SGI_ACL_DEFAULT"))
        }
    }

    @Test func countsTheListsThatNobodyKnows() throws {
        try tree.write("etc/passwd", "root:x:0:0::/:/bin/sh\n".utf8)
        for name in ["a", "b"] {
            try TestFiles.succeed(["setfacl", "-m", "u:65534:rw", tree.write(name, [])])
        }
        try TestFiles.succeed(["setfacl", "-m", "u:0:rw", tree.write("c", [])])
        try pack(["--acls"])
        let outcome = try rig.export(rig.message())
        let image = try rig.image(outcome)
        #expect(outcome.warnings.count == 1)
        #expect(outcome.errors.contains("2 access control lists are left out: the image does not know whom they name"))
        #expect(try rig.debug(image, "ea_list /c").contains("posix_acl_access"))
    }

    // MARK: Labels and others

    /// A record as tar --selinux writes it, for each of many files.
    @Test(arguments: [("ext4", 8_000), ("xfs", 1_000)]) func labelsManyFiles(_ fileSystem: String, _ count: Int) throws
    {
        let archive = rig.catalog.directory.path("archive.tar")
        let script = """
            import sys, tarfile
            with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as archive:
                for number in range(int(sys.argv[2])):
                    entry = tarfile.TarInfo(f"./d{number // 500}/f{number}")
                    entry.pax_headers = {"RHT.security.selinux": f"system_u:object_r:t{number % 3}_t:s0"}
                    archive.addfile(entry)
            """
        try TestFiles.succeed(["python3", "-c", script, archive, "\(count)"])
        try rig.prepare("--archive", archive)
        let image = try image(fileSystem, size: 100)
        for number in [0, 7_499 % count, count - 1] {
            let label = "system_u:object_r:t\(number % 3)_t:s0"
            let shown =
                try fileSystem == "ext4"
                ? rig.debug(image, "ea_list /d\(number / 500)/f\(number)")
                : XFSImageTests.database(image, "path /d\(number / 500)/f\(number)", "print a.sfattr")
            #expect(shown.contains(label + "\\000"), "\(shown)")
        }
    }

    /// The names of files are any bytes; some of those of attributes are written in another way by tar.
    @Test(arguments: ["ext4", "xfs"]) func keepsAttributesOfOddNames(_ fileSystem: String) throws {
        let script = """
            import os, sys
            for number, name in enumerate([b"lat\\xe9in", b"\\xc3\\xa9", b"e\\xcc\\x81"]):
                path = os.path.join(os.fsencode(sys.argv[1]), name)
                open(path, "w").close()
                os.setxattr(path, b"user.a=b%3D", b"value %d" % number)
            """
        try TestFiles.succeed(["python3", "-c", script, tree.path])
        try pack(["--xattrs", "--xattrs-include=*"])
        let image = try image(fileSystem)
        let look =
            fileSystem == "ext4"
            ? "/sbin/debugfs -R \"ea_list /$(printf \"$2\")\" \"$1\""
            : "/sbin/xfs_db -r -f -c \"path /$(printf \"$2\")\" -c 'print a.sfattr' \"$1\""
        for (number, name) in ["lat\\351in", "\\303\\251", "e\\314\\201"].enumerated() {
            let shown = try TestFiles.succeed(["sh", "-c", look, "sh", image, name]).output
            #expect(shown.contains("a=b%3D") && shown.contains("\"value \(number)\""), "\(shown)")
        }
    }

    /// debugfs(8) cuts lines of 8192 bytes, reads `<8>` as an inode, and doubles quotation marks.
    @Test func keepsAttributesAndDevicesOfLongAndOddPaths() throws {
        let archive = rig.catalog.directory.path("archive.tar")
        let script = """
            import sys, tarfile
            with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as archive:
                def add(name, kind=tarfile.REGTYPE, note=""):
                    entry = tarfile.TarInfo(name)
                    entry.type, entry.mode, entry.devmajor, entry.devminor = kind, 0o755, 1, 3
                    entry.pax_headers = {"SCHILY.xattr.user.note": note} if note else {}
                    archive.addfile(entry)
                add("./", tarfile.DIRTYPE, "top")
                path = "."
                for depth in range(19):
                    path += "/" + '"' * 200
                    add(path, tarfile.DIRTYPE, "directory")
                add(path + "/file", note="deep")
                add("./<8>", note="odd")
                add("./d", tarfile.DIRTYPE)
                add("./d/<7>", tarfile.DIRTYPE, "inner")
            """
        try TestFiles.succeed(["python3", "-c", script, archive])
        try rig.prepare("--archive", archive)
        let outcome = try rig.export(rig.message())
        #expect(outcome.warnings.isEmpty, "\(outcome.errors)")
        let image = try rig.image(outcome)
        #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        let step = "cd \"./" + String(repeating: "\"", count: 400) + "\"\n"
        let commands =
            "ea_list /\nea_list ./<8>\nea_list /d/<7>\n" + String(repeating: step, count: 19) + "ea_list file\n"
        let list = try rig.catalog.directory.write("commands", commands.utf8)
        let shown = try TestFiles.succeed(["/sbin/debugfs", "-f", list, image]).output
        for note in ["top", "odd", "inner", "deep"] { #expect(shown.contains("= \"\(note)\""), "\(shown)") }
    }

    /// What only other systems have names for, and what xfs_db(8) cannot write.
    @Test(arguments: [("ext4", 3), ("xfs", 5)])
    func leavesOutWhatLinuxCannotShow(_ fileSystem: String, _ count: Int) throws {
        let archive = rig.catalog.directory.path("archive.tar")
        let script = """
            import sys, tarfile
            names = ["com.apple.quarantine", "user." + "n" * 300, "user.", "user.empty", "user.-f"]
            with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as archive:
                for number, name in enumerate(names):
                    entry = tarfile.TarInfo(f"f{number}")
                    entry.pax_headers = {"SCHILY.xattr." + name: "" if name == "user.empty" else "x"}
                    archive.addfile(entry)
            """
        try TestFiles.succeed(["python3", "-c", script, archive])
        try rig.prepare("--archive", archive)
        let size = fileSystem == "xfs" ? 300 : 64
        let outcome = try rig.export(rig.message(size: size, fileSystem: fileSystem))
        _ = try rig.image(outcome, size: size)
        let part = "\(count) extended attributes are left out that the image cannot hold, first 'com.apple.quarantine"
        #expect(outcome.warnings.count == 1 && outcome.warnings[0].contains(part), "\(outcome.errors)")
    }

    /// Attributes that have no room beside their file, and that Linux does not know.
    @Test func countsWhatCannotBeKept() throws {
        let archive = rig.catalog.directory.path("archive.tar")
        let script = """
            import sys, tarfile
            with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as archive:
                for name, headers in [
                    ("large", {"SCHILY.xattr.user.large": "x" * 5000, "SCHILY.xattr.user.small": "x"}),
                    ("flags", {"SCHILY.fflags": "nodump"}), ("line", {"SCHILY.xattr.user.a\\nb": "x"}),
                    ("list", {"SCHILY.xattr.system.posix_acl_access": "damaged"}),
                ]:
                    entry = tarfile.TarInfo(name)
                    entry.pax_headers = headers
                    archive.addfile(entry)
            """
        try TestFiles.succeed(["python3", "-c", script, archive])
        try rig.prepare("--archive", archive)
        let outcome = try rig.export(rig.message())
        #expect(try rig.debug(rig.image(outcome), "ea_list /large").contains("user.small"))
        for part in [
            "1 files lose what Linux has no attributes for", "1 access control lists are left out",
            "1 extended attributes are left out that the image cannot hold, first 'user.a",
            "1 extended attributes are left out: there is no room for them beside their files",
        ] {
            #expect(outcome.warnings.contains { $0.contains(part) }, "\(outcome.errors)")
        }
    }
}
