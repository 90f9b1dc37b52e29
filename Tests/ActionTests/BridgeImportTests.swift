import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `market/http/import` into a directory of a bridge host.
@Suite struct BridgeImportTests {
    static let sizes = [0, 1, 4095, 1 << 20, (8 << 20) - 1, 8 << 20, (8 << 20) + 1, 20_000_003]

    @Test(arguments: sizes)
    func theContentArrives(size: Int) throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(size))
        let sum = try md5(of: image)
        let printed = try expectSuccess(try bridge.importImage(image, ["MD5": sum.uppercased()]))
        let name = try #require(try bridge.published().first)
        #expect(try bridge.published() == [name])
        #expect(printed.attributes.map(\.name) == ["SOURCE", "MD5", "SIZE", "FORMAT"])
        #expect(printed["SOURCE"] == "http://frontend.example/market/\(name)")
        #expect(printed["MD5"] == sum)
        #expect(printed["SIZE"] == "4")
        #expect(printed["FORMAT"] == "raw")
        #expect(try md5(of: bridge.market + "/" + name) == sum)
        let status = try FileStatus(path: bridge.market + "/" + name)
        #expect(status.mode & 0o7777 == 0o644)
        #expect(status.size == Int64(size))
        #expect(status.linkCount == 1)
    }

    /// The places of data in a file of 256 MiB: in one place, at both ends, and on no boundary.
    static let layouts: [[(offset: Int64, count: Int)]] = [
        [], [(0, 1 << 20)], [(100 << 20, 3_000_001)], [(255 << 20, 1 << 20)],
        [(12_345_677, 4096), (200_000_001, 70_000)],
    ]

    @Test(arguments: layouts.indices)
    func holesStayHoles(index: Int) throws {
        let bridge = try Bridge()
        let image = bridge.directory.path("image")
        let file = try FileDescriptor.open(image, O_RDWR | O_CREAT)
        try file.truncate(to: 256 << 20)
        for (offset, count) in Self.layouts[index] {
            try noise(count).withUnsafeBytes { try file.writeAll($0, at: offset) }
        }
        let printed = try expectSuccess(try bridge.importImage(image))
        let target = bridge.market + "/" + (try #require(try bridge.published().first))
        #expect(try run(["cmp", "--", image, target]).status.isSuccess)
        #expect(printed["MD5"] == (try md5(of: image)))
        let data = Self.layouts[index].reduce(0) { $0 + $1.count }
        // A frame's ends may hold zeros up to the shortest run that is left out, 256 KiB.
        #expect(
            try FileStatus(path: target).allocatedSize <= Int64(data + (512 << 10) * (Self.layouts[index].count + 1)))
    }

    @Test func writtenZerosBecomeHoles() throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(1 << 20) + [UInt8](repeating: 0, count: 63 << 20))
        _ = try expectSuccess(try bridge.importImage(image))
        let target = bridge.market + "/" + (try #require(try bridge.published().first))
        #expect(try run(["cmp", "--", image, target]).status.isSuccess)
        #expect(try FileStatus(path: target).allocatedSize <= 2 << 20)
    }

    @Test(arguments: [1000, 20_000_000])
    func anotherMD5LeavesNothing(size: Int) throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(size))
        let wrong = String(repeating: "0", count: 32)
        expectFailure(try bridge.importImage(image, ["MD5": wrong]), "its MD5 is", "where \(wrong) was expected")
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }

    /// The names that the stock drivers' rule gives for this and the coming seconds are taken: by a file, a directory,
    /// a link to nowhere.
    @Test func aTakenNameIsLeftAlone() throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(1000))
        let script =
            "for s in $(seq $(date +%s) $(($(date +%s) + 30))); do for n in '' :1 :2; do "
            + "printf %s \"$s:7$n\" | md5sum; done; done"
        let sums = try run(["sh", "-c", script]).output.split(separator: "\n").map { String($0.prefix(32)) }
        for (index, name) in sums.enumerated() {
            switch index % 3 {
            case 0: try bridge.directory.write("market/" + name, [1])
            case 1: _ = try bridge.directory.makeDirectory("market/" + name)
            default: #expect(symlink("nowhere", bridge.market + "/" + name) == 0)
            }
        }
        let printed = try expectSuccess(try bridge.importImage(image))
        let new = Set(try bridge.published()).subtracting(sums)
        #expect(new.count == 1)
        #expect(printed["SOURCE"] == "http://frontend.example/market/\(new.first ?? "")")
        #expect(try md5(of: bridge.market + "/" + (new.first ?? "")) == md5(of: image))
        #expect(try FileStatus(path: bridge.market + "/" + sums[0]).size == 1)
        #expect(try bridge.directory.names(in: "market/" + sums[1]) == [])
    }

    static let names = [
        "with space", " leading and trailing ", "single'quote", "double\"quote", "$(touch x)", "`touch x`", "a;touch x",
        "line\nbreak", "trailing line break\n", "\n", "back\\slash", "back\\nslash", "\\", "\\0101", "%s", "%b%n",
        "-rf", "--",
        "*", "[a-z]", "~", "#x", "märket 市場", "tab\there", "failed: Permission denied", "a: b", "!history", "{a,b}",
        "$v",
        "x&y|z<w>", "]]>",
    ]

    @Test(arguments: names)
    func anyDirectoryWillDo(name: String) throws {
        let bridge = try Bridge()
        let folder = try bridge.directory.makeDirectory("market/" + name)
        let image = try bridge.directory.write("image", noise(1000))
        let values = [Bridge.publicDirectory: folder]
        let printed = try expectSuccess(try bridge.importImage(image, values))
        let made = try bridge.directory.names(in: "market/" + name)
        #expect(made.count == 1)
        #expect(try bridge.published() == [name], "nothing beside it")
        #expect(try expectSuccess(try bridge.run("market-http-monitor", values))["TOTAL_MB"] != nil)
        let source = ["MARKETPLACEAPP/SOURCE": printed["SOURCE"] ?? ""]
        _ = try expectSuccess(try bridge.run("market-http-delete", values.merging(source) { $1 }))
        #expect(try bridge.directory.names(in: "market/" + name) == [])
    }

    @Test(arguments: ["market-http-import", "market-http-monitor", "market-http-delete"])
    func aDirectoryThatCannotBeUsedIsTold(action: String) throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(1000))
        let closed = try bridge.directory.makeDirectory("closed/inner")
        chmod(bridge.directory.path("closed"), 0)
        defer { chmod(bridge.directory.path("closed"), 0o755) }
        try bridge.addUnprivilegedHost("nobody")
        let cases = [
            (bridge.market + "/missing: or: not", "No such file or directory"), (image, "Not a directory"),
            (image + "/below", "Not a directory"), (closed, "Permission denied"),
            (bridge.directory.path("closed"), "Permission denied"),
        ]
        for (path, reason) in cases {
            let outcome = try bridge.run(
                action,
                [
                    Bridge.publicDirectory: path, Bridge.marketHosts: "nobody", "IMPORT_SOURCE": image,
                    "MARKETPLACEAPP/SOURCE": "http://frontend.example/market/x",
                ])
            expectFailure(outcome, path, "on host nobody", reason)
        }
        #expect(try bridge.published() == [])
    }

    @Test func aDirectoryThatCannotBeWrittenIsTold() throws {
        let bridge = try Bridge()
        try bridge.addUnprivilegedHost("nobody")
        let image = try bridge.directory.write("image", noise(1000))
        chmod(bridge.market, 0o555)
        defer { chmod(bridge.market, 0o755) }
        let outcome = try bridge.importImage(image, [Bridge.marketHosts: "nobody"])
        expectFailure(outcome, "Cannot write an image to '\(bridge.market)' on host nobody", "Permission denied")
        #expect(try bridge.published() == [])
    }

    @Test(arguments: [9_000_000, 40_000_000])
    func aDiskThatFillsUpLeavesNothing(size: Int) throws {
        // 8 MiB and a bit: the limit is met in the second block of data.
        let bridge = try Bridge(fileSizeLimit: (8 << 20) / 512 + 8)
        let image = try bridge.directory.write("image", noise(size))
        expectFailure(try bridge.importImage(image), "on host bridge1", "File too large")
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }

    @Test func anImageThatHasNoRoomIsNotBegun() throws {
        let bridge = try Bridge()
        let image = bridge.directory.path("image")
        // A source on a host is sent whole: its length counts, not its room on the disk.
        try FileDescriptor.open(image, O_RDWR | O_CREAT).truncate(to: 1 << 43)
        let outcome = try bridge.importImage("ssh://bridge1:\(image)")
        expectFailure(outcome, "8388608 MB are needed and", "MB are free", "bridge1:\(bridge.market)")
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }

    /// The directory may be on a file system that this machine has, too: what looks here for abandoned files leaves an
    /// image alone that comes by way of the host, and one whose file is removed all the same is no image.
    @Test(arguments: [false, true]) func itsFileIsNobodyElses(isRemoved: Bool) throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(48 << 20))
        let child = try bridge.startImport(image)
        #expect(try bridge.waitForData(4 << 20))
        #expect(PendingFile.removeAbandoned(in: bridge.market) == 0)
        if isRemoved {
            for name in try bridge.published() {
                try FileManager.default.removeItem(atPath: bridge.market + "/" + name)
            }
        }
        let status = child.reap()
        let visible = try bridge.published().filter { !$0.hasPrefix(".") }
        #expect(status == .exited(isRemoved ? 1 : 0))
        #expect(visible.count == (isRemoved ? 0 : 1))
        for name in visible { #expect(try md5(of: bridge.market + "/" + name) == md5(of: image)) }
        #expect(try bridge.isCleanedUp())
    }

    @Test func whatADeadImportHasLeftIsClearedAfterADay() throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(1000))
        let old = ".market-drivers-0123456789abcdef.part"
        let young = ".market-drivers-fedcba9876543210.part"
        let new = ".market-drivers-0123456789abcdef.bridge"
        for (name, hours) in [(old, 25), (young, 23), (new, 25), (".other.part", 100), ("market-drivers-x.part", 100)] {
            try bridge.directory.write("market/" + name, [1])
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: Double(-3600 * hours))],
                ofItemAtPath: bridge.market + "/" + name)
        }
        _ = try expectSuccess(try bridge.importImage(image))
        let left = try bridge.published().filter { $0.contains(".part") || $0 == new }
        #expect(left == [young, ".other.part", "market-drivers-x.part"])
    }
}

extension Bridge {
    /// A host where the login's rights are not those of root, whoever runs the tests.
    func addUnprivilegedHost(_ name: String) throws {
        let command = "exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c \"$SSH_ORIGINAL_COMMAND\""
        try server.addHost(name, command: getuid() == 0 ? command : nil)
    }
}
