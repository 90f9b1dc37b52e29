import Foundation
import Posix
import TestSupport
import Testing

/// Block devices of other hosts, as the exports of StorPool's and Linstor's datastores name them.
@Suite struct BridgeDeviceTests {
    /// A block device that a file of this machine is behind.
    private final class LoopDevice {
        let path: String

        init(_ file: String) throws {
            let outcome = try TestSupport.run(["losetup", "--find", "--show", file])
            guard outcome.status.isSuccess else { throw Failed(reason: outcome.errors) }
            path = outcome.output.trimmingCharacters(in: .newlines)
        }

        deinit { _ = try? TestSupport.run(["losetup", "--detach", path]) }

        struct Failed: Error {
            let reason: String
        }
    }

    /// With blockdev(8), and without it; by the device's name, and by a link to it.
    @Test(arguments: [true, false], [true, false]) func aDeviceIsImported(hasProgram: Bool, isLink: Bool) throws {
        let bridge = try Bridge()
        let file = try bridge.directory.write("disk", noise(5 << 20))
        let device = try LoopDevice(file)
        var path = device.path
        if isLink {
            path = bridge.directory.path("link")
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: device.path)
        }
        _ = try bridge.directory.makeDirectory("bin")
        if !hasProgram { try bridge.directory.write("bin/blockdev", "#!/bin/sh\nexit 1\n".utf8, mode: 0o755) }
        try bridge.server.addHost(
            "storage",
            command: "export PATH=\(bridge.directory.path("bin")):$PATH; exec sh -c \"$SSH_ORIGINAL_COMMAND\"")
        let sum = try md5(of: file)
        let printed = try expectSuccess(
            bridge.importImage("ssh://storage:\(path)", [Bridge.marketHosts: "storage", "MD5": sum]))
        #expect(printed["MD5"] == sum)
        #expect(try md5(of: bridge.market + "/" + #require(bridge.published().first)) == sum)
    }

    /// `datastore/fs/cp` of what such an export has printed.
    @Test func aDeviceComesIntoADatastore() throws {
        let bridge = try Bridge()
        let file = try bridge.directory.write("disk", noise(3 << 20))
        let device = try LoopDevice(file)
        let outcome = try bridge.run(
            "datastore-fs-cp",
            [
                "IMAGE/PATH": "ssh://bridge1:\(device.path)", Bridge.datastoreHosts: "", "IMAGE/ID": "7",
                "DATASTORE/DS_MAD": "fs", "IMAGE/TEMPLATE/MD5": try md5(of: file),
            ])
        #expect(outcome.status.isSuccess, "\(outcome.errors)")
        let words = outcome.output.split(whereSeparator: \.isWhitespace).map(String.init)
        #expect(words.count == 2 && words[1] == "raw", "\(outcome.output)")
        #expect(try words.first.map { try md5(of: $0) } == md5(of: file))
    }
}
