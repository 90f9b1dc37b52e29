import DriverProtocol
import Foundation
import TestSupport
import Testing

/// `market/linuxcontainers/export`: images that are built as an ordinary user would build them.
@Suite struct ContainerImageTests {
    private let rig: CatalogRig
    private let server: Nginx
    private let datastore: String
    private let staging: String

    init() throws {
        rig = try CatalogRig("linuxcontainers")
        server = try Nginx(root: rig.served)
        datastore = try rig.directory.makeDirectory("datastore")
        staging = try rig.directory.makeDirectory("staging")
        _ = try rig.directory.makeDirectory("var/remotes/etc/market")
        try rig.directory.write("var/remotes/etc/market/market-drivers.conf", "STAGING_DIR=\"\(staging)\"\n".utf8)
    }

    private func prepare(_ trick: String = "none", megabytes: Int = 0) throws {
        try TestFiles.succeed([
            "python3", Fixture.packageRoot.appending(path: "Tests/Rigs/rootfs.py").path, rig.served, trick,
            "\(megabytes)",
        ])
    }

    private func export(
        size: Int = 64, format: String = "raw", fileSystem: String = "ext4", verify: String? = nil
    ) throws -> Outcome {
        let url = server.url("/images/x/1/amd64/default/20260101_00:00/rootfs.tar.xz")
        let message = try rig.message(server.url(""), ["VERIFY": verify]).with([
            "MARKETPLACEAPP/ID": "7", "MARKETPLACEAPP/FORMAT": format,
            "MARKETPLACEAPP/SOURCE": "lxd://\(url)?size=\(size)&filesystem=\(fileSystem)&format=\(format)",
            "MARKETPLACEAPP/MD5": String(repeating: "0", count: 32), "DATASTORE/BASE_PATH": datastore,
            "DATASTORE/DS_MAD": "fs",
        ])
        return try rig.act("export", message)
    }

    private func debug(_ image: String, _ request: String) throws -> String {
        try TestFiles.succeed(["/sbin/debugfs", "-R", request, image]).output
    }

    @Test func keepsOwnersModesLinksDevicesAndAttributes() throws {
        try prepare()
        let outcome = try export()
        #expect(outcome.status == .exited(0) && outcome.reasons.isEmpty, "\(outcome.errors)")
        let answer = try Template(parsing: outcome.output)
        let image = try #require(answer["SOURCE"])
        #expect(answer["SIZE"] == "64" && answer["FORMAT"] == "raw")
        #expect(try answer["MD5"] == TestFiles.md5(image))
        #expect(try rig.directory.names(in: "staging").isEmpty)
        #expect(try TestFiles.status(image).size == 64 << 20)
        #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        for (path, patterns) in [
            ("/", ["directory", "Mode:  0755", "User:     0"]),
            ("/bin/su", ["regular", "Mode:  04755", "Links: 2", "Size: 6000"]),
            ("/bin/hard", ["Mode:  04755", "Links: 2"]), ("/home/u", ["Mode:  0700", "User:  1000   Group:  1001"]),
            ("/home/u/secret", ["Mode:  0600", "User:  1000   Group:  1001", "Size: 5000"]),
            ("/etc/mtab", ["symlink", "Fast link dest: \"/proc/self/mounts\""]),
            ("/dev/null", ["character special", "Mode:  0666", "number: 01:03"]),
            ("/dev/disk", ["block special", "Group:     6", "number: 08:00"]), ("/dev/pipe", ["FIFO", "Mode:  0600"]),
            ("/mail", ["Mode:  02775", "Group:     8"]), ("/tmp", ["Mode:  01777"]), ("/locked", ["Mode:  0000"]),
            ("/bin/ping", ["regular", "Mode:  0755"]), ("/etc/" + String(repeating: "n", count: 150), ["Size: 4"]),
        ] {
            let text = try debug(image, "stat \(path)")
            for pattern in patterns { #expect(text.contains(pattern), "\(path): \(pattern)\n\(text)") }
        }
        let attributes = try debug(image, "ea_list /bin/ping")
        #expect(attributes.contains("security.capability (20) = 01 00 00 02 00 20 00 00"))
        #expect(attributes.contains("user.note (5) = \"hello\""))
    }

    @Test func buildsQcow2() throws {
        try prepare()
        let answer = try Template(parsing: export(format: "qcow2").output)
        let image = try #require(answer["SOURCE"])
        let information = try TestFiles.succeed(["qemu-img", "info", image]).output
        #expect(information.contains("file format: qcow2") && information.contains("64 MiB"))
        #expect(answer["FORMAT"] == "qcow2" && answer["SIZE"] == "64")
    }

    @Test func saysHowMuchIsNeededAndThatIsEnough() throws {
        try prepare(megabytes: 100)
        let outcome = try export(size: 80)
        #expect(outcome.status == .exited(1) && outcome.output == "")
        let reason = try #require(outcome.reasons.first)
        let needed = try #require(
            reason.firstMatch(of: /: 80 MB are too little for it: (\d+) MB are needed/).flatMap { Int($0.1) })
        #expect(needed > 100 && needed < 160)
        #expect(try export(size: needed).status == .exited(0))
        #expect(try rig.directory.names(in: "datastore").count == 1)
    }

    @Test(arguments: [
        ("parent", "climbs out"), ("absolute", "has an absolute path"),
        ("link", "leads through the symbolic link 'out'"),
        ("hardlink", "climbs out"), ("hardlink-absolute", "has an absolute path"), ("hardlink-link", "leads through"),
        ("long-parent", "climbs out"), ("cut", "it is cut"), ("text", "it is no tar archive"),
        ("digest", "its SHA256 is"), ("unlisted", "does not list it"), ("no-digest", "has no SHA-256 of it"),
    ]) func leavesNothingOfAnImageThatCannotBeUsed(_ trick: String, _ part: String) throws {
        try prepare(trick)
        let outcome = try export()
        #expect(outcome.status == .exited(1) && outcome.output == "" && outcome.reasons.count == 1)
        #expect(outcome.reasons.first?.contains(part) == true, "\(outcome.errors)")
        #expect(try rig.directory.names(in: "datastore").isEmpty && rig.directory.names(in: "staging").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: "/tmp/escaped"))
    }

    @Test func doesWithoutADigestWhereItIsTold() throws {
        try prepare("no-digest")
        let outcome = try export(verify: "no")
        #expect(outcome.status == .exited(0) && outcome.warnings.count == 1)
    }

    @Test func refusesAFileSystemThatItDoesNotBuild() throws {
        try prepare()
        #expect(try export(fileSystem: "xfs").reasons.first?.contains("xfs images are not built here") == true)
        #expect(try export(fileSystem: "ntfs").reasons.first?.contains("its file system is not known") == true)
    }
}
