import DriverProtocol
import Foundation
import Glibc
import TestSupport
import Testing

/// `market/linuxcontainers/export`: images that are built as an ordinary user would build them.
@Suite struct ContainerImageTests {
    private let rig: ContainerRig

    init() throws {
        rig = try ContainerRig()
    }

    @Test func keepsOwnersModesLinksDevicesAndAttributes() throws {
        try rig.prepare()
        let outcome = try rig.export(rig.message())
        try rig.expectContainer(rig.image(outcome))
        #expect(outcome.errors.contains("no packages are asked for: the image is built as it is"))
    }

    @Test func keepsThemInAnImageOfASquashfs() throws {
        try rig.prepare("--squashfs")
        let outcome = try rig.export(rig.message(file: "root.squashfs"))
        try rig.expectContainer(rig.image(outcome))
        #expect(outcome.warnings.isEmpty)
    }

    @Test func goesToABridgeHost() throws {
        try rig.prepare()
        let bridge = try SSHServer()
        let location = try #require(bridge.environment["ONE_LOCATION"])
        let settings = try String(
            contentsOfFile: location + "/var/remotes/etc/market/market-drivers.conf", encoding: .utf8)
        try rig.catalog.set(settings + "STAGING_DIR=\"\(rig.staging)\"\nCONTEXT=\"NO\"\n")
        try FileManager.default.removeItem(atPath: rig.datastore)
        let message = try rig.message().with("DATASTORE/TEMPLATE/BRIDGE_LIST", "bridge1")
        let outcome = try rig.catalog.act("export", message, environment: ["PATH": bridge.environment["PATH"] ?? ""])
        let image = try rig.image(outcome)
        try rig.expectContainer(image)
        let status = try TestFiles.status(image)
        #expect(status.mode & 0o7777 == 0o660 && status.allocatedSize < 32 << 20)
        #expect(try rig.catalog.directory.names(in: "datastore").count == 1)
    }

    /// Faults of the datastore are reported before anything is requested from the server, which does not even exist
    /// here.
    @Test(arguments: [
        ("DATASTORE/DS_MAD", "lvm", "'lvm' is no datastore that apps can be brought into"),
        ("DATASTORE/BASE_PATH", "datastore", "is no absolute path"),
        ("DATASTORE/BASE_PATH", "/proc/none/of/it", "make the directory '/proc/none/of/it'"),
        ("DATASTORE/BASE_PATH", "/dev/null", "Not a directory"),
        ("MARKETPLACEAPP/TEMPLATE/FILE_SIZE", "1152921504606846976", "1099511627776 MB are needed and "),
        ("MARKETPLACEAPP/TEMPLATE/FILE_SIZE", "no number", "http://127.0.0.1:1"),
    ]) func looksAtTheDatastoreFirst(_ path: String, _ value: String, _ part: String) throws {
        let source = "lxd://http://127.0.0.1:1/images/x/rootfs.tar.xz?size=64&filesystem=ext4&format=raw"
        let message = try rig.message().with("MARKETPLACEAPP/SOURCE", source).with(path, value)
        try rig.expectFailure(rig.export(message), part)
    }

    @Test(arguments: ["ext4", "xfs"]) func buildsAsAUserWhoMayDoNothing(_ fileSystem: String) throws {
        try rig.prepare()
        for path in [rig.datastore, rig.staging] where getuid() == 0 { chown(path, 65534, 65534) }
        let size = fileSystem == "xfs" ? 300 : 64
        let outcome = try run(
            LocalMarket.unprivileged + Programs.action("market-linuxcontainers-export"),
            input: rig.message(size: size, fileSystem: fileSystem).base64,
            environment: ["ONE_LOCATION": rig.catalog.directory.path, "http_proxy": "", "no_proxy": ""])
        let image = try rig.image(outcome, size: size)
        if fileSystem == "ext4" {
            try rig.expectContainer(image)
        } else {
            try XFSImageTests.expectContainer(image)
        }
    }

    /// As in a container whose first process is no init.
    @Test func buildsWhereNobodyReapsOrphans() throws {
        let keeper = """
            import ctypes, subprocess, sys
            ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
            sys.exit(subprocess.run(sys.argv[1:], timeout=60).returncode)
            """
        try rig.prepare()
        let outcome = try run(
            ["python3", "-c", keeper] + Programs.action("market-linuxcontainers-export"), input: rig.message().base64,
            environment: ["ONE_LOCATION": rig.catalog.directory.path, "http_proxy": "", "no_proxy": ""])
        try rig.expectContainer(rig.image(outcome))
    }

    @Test func buildsQcow2() throws {
        try rig.prepare()
        let answer = try Template(parsing: rig.export(rig.message(format: "qcow2")).output)
        let image = try #require(answer["SOURCE"])
        let information = try TestFiles.succeed(["qemu-img", "info", image]).output
        #expect(information.contains("file format: qcow2") && information.contains("64 MiB"))
        #expect(answer["FORMAT"] == "qcow2" && answer["SIZE"] == "64")
    }

    @Test func saysHowMuchIsNeededAndThatIsEnough() throws {
        try rig.prepare("--noise", "100")
        let outcome = try rig.export(rig.message(size: 80))
        #expect(outcome.status == .exited(1) && outcome.output == "")
        let reason = try #require(outcome.reasons.first)
        let needed = try #require(
            reason.firstMatch(of: /: 80 MB are too little for it: (\d+) MB are needed/).flatMap { Int($0.1) })
        #expect(needed > 100 && needed < 160)
        #expect(try rig.export(rig.message(size: needed)).status == .exited(0))
        #expect(try rig.catalog.directory.names(in: "datastore").count == 1)
    }

    @Test(arguments: [
        ("parent", "climbs out"), ("absolute", "has an absolute path"),
        ("link", "leads through the symbolic link 'out'"),
        ("hardlink", "climbs out"), ("hardlink-absolute", "has an absolute path"), ("hardlink-link", "leads through"),
        ("long-parent", "climbs out"), ("cut", "it is cut"), ("text", "it is no tar archive"),
        ("digest", "its SHA256 is"), ("unlisted", "does not list it"), ("no-digest", "has no SHA-256 of it"),
        ("link-directory", "comes again after a symbolic link"),
    ]) func leavesNothingOfAnImageThatCannotBeUsed(_ trick: String, _ part: String) throws {
        try rig.prepare("--trick", trick)
        try rig.expectFailure(rig.export(rig.message()), part)
    }

    @Test(arguments: [
        ("squashfs-parent", "sqfs2tar has failed"), ("squashfs-twice", "comes again after a symbolic link"),
        ("squashfs-damaged", "sqfs2tar has failed"), ("digest", "its SHA256 is"),
    ]) func leavesNothingOfASquashfsThatCannotBeUsed(_ trick: String, _ part: String) throws {
        try rig.prepare("--squashfs", "--trick", trick)
        try rig.expectFailure(rig.export(rig.message(file: "root.squashfs")), part)
    }

    @Test func doesWithoutADigestWhereItIsTold() throws {
        try rig.prepare("--trick", "no-digest")
        let outcome = try rig.export(rig.message(["VERIFY": "no"]))
        #expect(outcome.status == .exited(0) && outcome.warnings.count == 1)
    }

    /// Whose path looks like one that a catalog lists.
    @Test func findsTheCatalogOfAServerWithAPath() throws {
        try rig.prepare()
        try FileManager.default.createSymbolicLink(
            atPath: rig.catalog.served + "/images/mirror", withDestinationPath: "..")
        try rig.expectContainer(rig.image(rig.export(rig.message(below: "/images/mirror"))))
        // Another marketplace's.
        let message = try rig.message(["ENDPOINT": "http://elsewhere.example/images"])
        try rig.expectContainer(rig.image(rig.export(message)))
    }

    @Test func findsTheFileInAnotherListOfTheServer() throws {
        try rig.prepare()
        let streams = rig.catalog.served + "/streams/v1/"
        try FileManager.default.moveItem(atPath: streams + "images.json", toPath: streams + "daily.json")
        try rig.catalog.serve("{\"products\":{}}".utf8)
        let index = #"{"index":{"a":{"path":"streams/v1/images.json"},"b":{"path":"streams/v1/daily.json"}}}"#
        try rig.catalog.directory.write("served/streams/v1/index.json", index.utf8)
        try rig.expectContainer(rig.image(rig.export(rig.message())))
    }

    /// On a disk that has room for the archive, but not for its files beside it.
    @Test func saysBeforeItUnpacksThatTheDiskIsTooSmall() throws {
        try rig.prepare("--noise", "20")
        let script = "mount -t tmpfs -o size=32m none \"$0\" && exec \"$@\""
        let outcome = try run(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", script, rig.staging]
                + Programs.action("market-linuxcontainers-export"),
            input: rig.message().base64,
            environment: ["ONE_LOCATION": rig.catalog.directory.path, "http_proxy": "", "no_proxy": ""])
        try rig.expectFailure(outcome, "write an image to '\(rig.staging)': ")
        #expect(outcome.reasons.first?.contains(" MB are needed and ") == true)
        #expect(!outcome.errors.contains("unpacking"))
    }

    @Test func refusesAFileSystemThatItDoesNotBuild() throws {
        try rig.prepare()
        try rig.expectFailure(rig.export(rig.message(fileSystem: "ntfs")), "its file system is not known")
    }
}
