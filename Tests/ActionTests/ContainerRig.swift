import DriverProtocol
import Foundation
import TestSupport
import Testing

/// An image server, and a datastore that its images are built in.
final class ContainerRig: Sendable {
    let catalog: CatalogRig
    let server: Nginx
    let datastore: String
    let staging: String

    /// - Parameter settings: those of the packages that images get: none, unless a test is about them.
    init(settings: String = "CONTEXT=\"NO\"\n") throws {
        catalog = try CatalogRig("linuxcontainers")
        server = try Nginx(root: catalog.served)
        datastore = try catalog.directory.makeDirectory("datastore")
        staging = try catalog.directory.makeDirectory("staging area")
        try catalog.set("STAGING_DIR=\"\(staging)\"\n" + settings)
    }

    private static func rig(_ name: String) -> String {
        Fixture.packageRoot.appending(path: "Tests/Rigs/\(name)").path
    }

    /// Makes the server's image with `Tests/Rigs/rootfs.py`.
    func prepare(_ options: String...) throws {
        try TestFiles.succeed(
            ["env", "OUTSIDE=\(outside)", "python3", Self.rig("rootfs.py"), catalog.served] + options)
    }

    /// A directory that links of a hostile image lead to.
    var outside: String { catalog.directory.path("outside") }

    /// Makes a context package below the server's root, and returns its path.
    func makePackage(_ name: String, _ trick: String = "none") throws -> String {
        let path = catalog.served + "/" + name
        try TestFiles.succeed(["python3", Self.rig("context-package.py"), path, trick])
        return path
    }

    func message(
        size: Int = 64, format: String = "raw", fileSystem: String = "ext4", file: String = "rootfs.tar.xz",
        below path: String = "", _ attributes: KeyValuePairs<String, String?> = [:]
    ) throws -> DriverMessage {
        let url = server.url(path + "/images/x/1/amd64/default/20260101_00:00/\(file)")
        return try catalog.message(server.url(path), attributes).with([
            "MARKETPLACEAPP/ID": "7", "MARKETPLACEAPP/FORMAT": format,
            "MARKETPLACEAPP/SOURCE": "lxd://\(url)?size=\(size)&filesystem=\(fileSystem)&format=\(format)",
            "MARKETPLACEAPP/MD5": String(repeating: "0", count: 32), "DATASTORE/BASE_PATH": datastore,
            "DATASTORE/DS_MAD": "fs",
        ])
    }

    func export(_ message: DriverMessage) throws -> Outcome { try catalog.act("export", message) }

    /// Returns the image of an export, after the usual checks of its reply and of what it has left.
    func image(_ outcome: Outcome, size: Int = 64) throws -> String {
        #expect(outcome.status == .exited(0) && outcome.reasons.isEmpty, "\(outcome.errors)")
        let answer = try Template(parsing: outcome.output)
        let image = try #require(answer["SOURCE"])
        #expect(answer["SIZE"] == "\(size)" && answer["FORMAT"] == "raw")
        #expect(try answer["MD5"] == TestFiles.md5(image))
        #expect(try catalog.directory.names(in: "staging area").isEmpty)
        #expect(try TestFiles.status(image).size == Int64(size) << 20)
        return image
    }

    /// Expects that an export has failed with one line that has `part` in it, and has left nothing.
    func expectFailure(_ outcome: Outcome, _ part: String) throws {
        #expect(outcome.status == .exited(1) && outcome.output == "" && outcome.reasons.count == 1)
        #expect(outcome.reasons.first?.contains(part) == true, "\(outcome.errors)")
        #expect(
            try catalog.directory.names(in: "datastore").isEmpty && catalog.directory.names(in: "staging area").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: "/tmp/escaped"))
    }

    /// The files that `Tests/Rigs/rootfs.py` puts into every image, as debugfs(8) shows them.
    static let ext4Files: [(path: String, patterns: [String])] = [
        ("/", ["directory", "Mode:  0755", "User:     0"]),
        ("/bin/su", ["regular", "Mode:  04755", "Links: 2", "Size: 6000"]),
        ("/bin/hard", ["Mode:  04755", "Links: 2"]), ("/home/u", ["Mode:  0700", "User:  1000   Group:  1001"]),
        ("/home/u/secret", ["Mode:  0600", "User:  1000   Group:  1001", "Size: 5000"]),
        ("/etc/mtab", ["symlink", "Fast link dest: \"/proc/self/mounts\""]),
        ("/dev/null", ["character special", "Mode:  0666", "number: 01:03"]),
        ("/dev/disk", ["block special", "Group:     6", "number: 08:00"]), ("/dev/pipe", ["FIFO", "Mode:  0600"]),
        ("/mail", ["Mode:  02775", "Group:     8"]), ("/mail/inner", ["Mode:  0755", "User:     7   Group:     7"]),
        ("/tmp", ["Mode:  01777"]), ("/locked", ["Mode:  0000"]), ("/bin/ping", ["regular", "Mode:  0755"]),
        ("/etc/shadow", ["regular", "Mode:  0000", "User:     0", "Size: 7"]),
        ("/etc/gshadow", ["regular", "Mode:  0200", "Group:    42", "Size: 5"]),
        ("/locked/inner", ["regular", "Mode:  0011", "Size: 5"]),
        ("/etc/" + String(repeating: "n", count: 150), ["Size: 4"]),
    ]

    func debug(_ image: String, _ request: String) throws -> String {
        try TestFiles.succeed(["/sbin/debugfs", "-R", request, image]).output
    }

    /// Expects of an ext4 image that all is in it as in the archive.
    func expectContainer(_ image: String) throws {
        #expect(try run(["/sbin/e2fsck", "-fn", image]).status == .exited(0))
        for (path, patterns) in Self.ext4Files {
            let text = try debug(image, "stat \(path)")
            for pattern in patterns { #expect(text.contains(pattern), "\(path): \(pattern)\n\(text)") }
        }
        #expect(try debug(image, "cat /etc/shadow") == "root:*:")
        let attributes = try debug(image, "ea_list /bin/ping")
        #expect(attributes.contains("security.capability (20) = 01 00 00 02 00 20 00 00"))
        #expect(attributes.contains("user.note (5) = \"hello\""))
        #expect(try debug(image, "ea_get /etc/noted user.long").contains(String(repeating: "n", count: 600)))
    }
}
