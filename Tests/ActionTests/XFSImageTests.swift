import DriverProtocol
import Foundation
import TestSupport
import Testing

/// `market/linuxcontainers/export` with an xfs image.
@Suite struct XFSImageTests {
    private let rig: ContainerRig

    init() throws {
        rig = try ContainerRig()
    }

    /// Returns the output of xfs_db(8) for these commands.
    static func database(_ image: String, _ commands: String...) throws -> String {
        let arguments = commands.flatMap { ["-c", $0] }
        return try TestFiles.succeed(["/sbin/xfs_db", "-r", "-f"] + arguments + [image]).output
    }

    /// Expects that an image has everything that is in the archive of `Tests/Rigs/rootfs.py`.
    static func expectContainer(_ image: String) throws {
        #expect(try run(["/sbin/xfs_repair", "-n", "-f", image]).status == .exited(0))
        for (path, mode, owner, group, size) in [
            ("/", "040755", 0, 0, nil), ("/bin/su", "0104755", 0, 0, 6000), ("/bin/hard", "0104755", 0, 0, 6000),
            ("/home/u", "040700", 1000, 1001, nil), ("/home/u/secret", "0100600", 1000, 1001, 5000),
            ("/etc/mtab", "0120777", 0, 0, 17), ("/dev/null", "020666", 0, 0, nil), ("/dev/disk", "060660", 0, 6, nil),
            ("/dev/pipe", "010600", 0, 0, nil), ("/mail", "042775", 0, 8, nil), ("/mail/inner", "040755", 7, 7, nil),
            ("/tmp", "041777", 0, 0, nil), ("/locked", "040000", 0, 0, nil), ("/bin/ping", "0100755", 0, 0, 4),
            ("/etc/shadow", "0100000", 0, 0, 7), ("/etc/gshadow", "0100200", 0, 42, 5),
            ("/locked/inner", "0100011", 0, 0, 5),
            ("/etc/" + String(repeating: "n", count: 150), "0100644", 0, 0, 4),
        ] as [(String, String, Int, Int, Int?)] {
            let text = try database(image, "path \(path)", "print core.mode core.uid core.gid core.size")
            let lines = text.split(separator: "\n").map(String.init)
            #expect(
                lines.prefix(3) == ["core.mode = \(mode)", "core.uid = \(owner)", "core.gid = \(group)"], "\(path)")
            if let size { #expect(lines.last == "core.size = \(size)", "\(path)") }
        }
        #expect(try database(image, "path /etc/mtab", "print u3.symlink").contains("\"/proc/self/mounts\""))
        #expect(try database(image, "path /dev/null", "print u3.dev").contains("= 0x40003"))
        #expect(try database(image, "path /dev/disk", "print u3.dev").contains("= 0x200000"))
        let ping = try database(image, "path /bin/ping", "print a.sfattr")
        #expect(ping.contains(".secure = 1\na.sfattr.list[0].name = \"capability\""))
        #expect(ping.contains("list[0].value = \"\\001\\000\\000\\002\\000 \\000\\000\\000"))
        #expect(ping.contains("list[1].name = \"note\"\na.sfattr.list[1].value = \"hello\""))
        let noted = try database(image, "path /etc/noted", "ablock 0", "print nvlist")
        #expect(noted.contains("name = \"long\"") && noted.contains(String(repeating: "n", count: 600)))
        let shadow = try database(image, "path /etc/shadow", "dblock 0", "type text", "print")
        #expect(shadow.contains("72 6f 6f 74 3a 2a 3a"))
        #expect(try database(image, "path /bin/su", "dblock 0", "type text", "print").contains("susususu"))
    }

    @Test func keepsOwnersModesDevicesAndAttributes() throws {
        try rig.prepare("--noise", "40", "--trick", "acl")
        let outcome = try rig.export(rig.message(size: 300, fileSystem: "xfs"))
        let image = try rig.image(outcome, size: 300)
        try Self.expectContainer(image)
        let noise = try Self.database(image, "path /big", "print core.nblocks core.nextents core.size")
        #expect(noise == "core.nblocks = 10240\ncore.nextents = 1\ncore.size = 41943040\n")
        #expect(outcome.warnings.count == 1)
        #expect(outcome.warnings.first?.contains("2 files with hard links are copies") == true)
        // Five entries, the third for user 1000: numbers have their high bytes first here.
        let list = try Self.database(image, "path /etc/shared", "print a.sfattr.list[0]")
        #expect(list.contains(".root = 1") && list.contains("name = \"SGI_ACL_FILE\""))
        #expect(list.contains(#"\000\000\000\005\000\000\000\001\377\377\377\377\000\006\000\000"#))
        #expect(list.contains(#"\000\000\000\002\000\000\003\350\000\004\000\000"#))
    }

    @Test func countsTheAttributesThatItCannotHold() throws {
        try rig.prepare("--trick", "system-attribute")
        let outcome = try rig.export(rig.message(size: 300, fileSystem: "xfs"))
        try Self.expectContainer(rig.image(outcome, size: 300))
        let warning = "1 extended attributes are left out that the image cannot hold, first 'system.odd of etc/odd'"
        #expect(outcome.warnings.contains { $0.hasSuffix(warning) }, "\(outcome.errors)")
    }

    @Test func buildsQcow2() throws {
        try rig.prepare()
        let answer = try Template(
            parsing: rig.export(rig.message(size: 300, format: "qcow2", fileSystem: "xfs")).output)
        #expect(answer["FORMAT"] == "qcow2" && answer["SIZE"] == "300")
    }

    @Test func saysHowMuchIsNeededAndThatIsEnough() throws {
        try rig.prepare("--noise", "250")
        let outcome = try rig.export(rig.message(size: 320, fileSystem: "xfs"))
        try rig.expectFailure(outcome, ": 320 MB are too little for it: ")
        let needed = try #require(
            outcome.reasons.first?.firstMatch(of: /it: (\d+) MB are needed/).flatMap { Int($0.1) })
        // The noise is one file, which must fit into one half of the file system.
        #expect(needed > 500 && needed < 600)
        _ = try rig.image(rig.export(rig.message(size: needed, fileSystem: "xfs")), size: needed)
    }

    @Test func keepsNamesWithBlanksInDirectoriesOfEachSize() throws {
        try rig.prepare("--trick", "blanks")
        let image = try rig.image(rig.export(rig.message(size: 300, fileSystem: "xfs")), size: 300)
        try Self.expectContainer(image)
        for (directory, expected) in [
            ("/blank/small", ["a b", ":c d:", "tail ", "ä ö", "a\"quote\"", "inner dir"]), ("/blank/middle", ["a b"]),
            ("/blank/large", ["a b"]),
        ] {
            let names = try Self.database(image, "path \(directory)", "ls").split(separator: "\n")
            for name in expected {
                #expect(names.contains { $0.hasSuffix(" \(name) (good)") }, "\(directory) \(name)")
            }
        }
        #expect(try Self.database(image, "path /blank/link", "print u3.symlink") == "u3.symlink = \"a b/c d\"\n")
    }

    @Test(arguments: [
        ("blank", 300, "an xfs image cannot hold the file ./etc/ "), ("dollar", 300, "cannot hold the file ./etc/$"),
        ("none", 299, "xfs takes 300 to 67108864 MB"), ("none", 99_999_999_999_999, "xfs takes 300 to 67108864 MB"),
        ("parent", 300, "climbs out"),
    ]) func leavesNothingOfAnImageThatCannotBeBuilt(_ trick: String, _ size: Int, _ part: String) throws {
        try rig.prepare("--trick", trick)
        try rig.expectFailure(rig.export(rig.message(size: size, fileSystem: "xfs")), part)
    }
}
