import Datastores
import DriverProtocol
import Foundation
import ImageTransfer
import Posix
import TestSupport
import Testing

/// The behaviour of every kind of datastore: the same tests for all of them.
@Suite struct DatastoreTests {
    enum Kind: String, CaseIterable {
        case directory, directoryOnBridgeHosts
    }

    private let rig: TemporaryDirectory
    private let path: String
    private let staging: String

    init() throws {
        rig = try TemporaryDirectory()
        path = try rig.makeDirectory("datastore")
        staging = try rig.makeDirectory("staging")
    }

    private func request(
        _ kind: Kind, _ settings: Settings, image: String = "", driver: String = "fs", format: String = ""
    ) throws -> Request {
        let hosts = kind == .directoryOnBridgeHosts ? "<BRIDGE_LIST>bridge1</BRIDGE_LIST>" : ""
        let document =
            "<DS_DRIVER_ACTION_DATA><DATASTORE><DS_MAD>\(driver)</DS_MAD><BASE_PATH>\(path)</BASE_PATH>"
            + "<TEMPLATE>\(hosts)<DRIVER>\(format)</DRIVER></TEMPLATE></DATASTORE><IMAGE><FORMAT>raw</FORMAT>\(image)</IMAGE></DS_DRIVER_ACTION_DATA>"
        var settings = settings
        settings.stagingDirectory = staging
        return Request(
            message: try Message(text: Array(document.utf8)), id: 7, log: Log(action: "test", id: "7") { _ in },
            installation: Installation(location: rig.path), settings: settings)
    }

    /// Opens the datastore as an action does. Calls `body` with it and with the values of a message about one of its
    /// images.
    private func withDatastore(
        _ kind: Kind, format: String = "", _ body: (any Datastore, (String) throws -> Message) throws -> Void
    ) throws {
        let server = kind == .directory ? nil : try SSHServer()
        let settings = try server.flatMap { $0.environment["ONE_LOCATION"] }.map { location throws(DriverError) in
            try Settings(file: location + "/var/remotes/etc/market/market-drivers.conf")
        }
        let datastore = try datastore(request(kind, settings ?? Settings(), format: format))
        try withExtendedLifetime(server) {
            try body(datastore) { source in
                try request(kind, settings ?? Settings(), image: "<SOURCE>\(source)</SOURCE>").message
            }
        }
    }

    private func write(_ bytes: [UInt8], into staged: any StagedImage) throws {
        try bytes.withUnsafeBytes { try staged.write($0) }
    }

    /// Another image had made the directory, has failed, and takes it back.
    @Test func aDirectoryThatDisappearsOnABridgeHostIsMadeAnew() throws {
        try withDatastore(.directoryOnBridgeHosts) { datastore, _ in
            let staged = try datastore.stage(NewImage(id: "7"))
            #expect(rmdir(path) == 0)
            try write(TestFiles.noise(100_000), into: staged)
            let source = try staged.publish()
            #expect(try rig.names(in: "datastore").map { path + "/" + $0 } == [source])
        }
    }

    /// Images of a new datastore that all fail make its directory and take it back at the same time.
    @Test func failingImagesDoNotTakeTheDirectoryFromOneAnother() throws {
        #expect(rmdir(path) == 0)
        let request = try request(.directory, Settings())
        let failures = Locked<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<500 {
                do {
                    try datastore(request).stage(NewImage(id: "7")).discard()
                } catch {
                    failures.update { $0.append("\(error)") }
                }
            }
        }
        #expect(failures.update { $0 } == [])
    }

    @Test(arguments: Kind.allCases) func whatIsPublishedIsFoundAndCanBeRemoved(_ kind: Kind) throws {
        try withDatastore(kind) { datastore, message in
            let bytes = TestFiles.noise(1_500_000)
            let staged = try datastore.stage(NewImage(id: "7", needed: 1_500_000))
            try write(bytes, into: staged)
            #expect(try rig.names(in: "datastore").allSatisfy { $0.hasPrefix(".") })
            #expect(try staged.compression() == nil)
            #expect(
                try staged.describe(format: "raw", name: "x") == ImageDescription(format: "raw", virtualSize: 1_500_000)
            )
            let source = try staged.publish()
            #expect(try rig.names(in: "datastore").map { path + "/" + $0 } == [source])
            #expect(try rig.names(in: "staging") == [])
            #expect(try Array(Data(contentsOf: URL(filePath: source))) == bytes)
            #expect(try TestFiles.status(source).mode & 0o7777 == 0o660)

            let found = try datastore.find(StoredImage(message(source)), md5: true)
            #expect(found.source == (kind == .directory ? source : "ssh://bridge1:\(source)"))
            #expect(try found.md5 == TestFiles.md5(source))
            #expect(found.size == 2 && found.format == "raw")
            #expect(try datastore.find(StoredImage(message(source)), md5: false).md5 == nil)

            #expect(try datastore.remove(source))
            #expect(try !datastore.remove(source))
            #expect(throws: DriverError.self) { try datastore.find(StoredImage(message(source)), md5: true) }
        }
    }

    @Test(arguments: Kind.allCases) func whatIsNotPublishedLeavesNothing(_ kind: Kind) throws {
        try withDatastore(kind) { datastore, _ in
            let discarded = try datastore.stage(NewImage(id: "7"))
            try write(TestFiles.noise(100_000), into: discarded)
            discarded.discard()
            do {
                let dropped = try datastore.stage(NewImage(id: "7"))
                try write([1], into: dropped)
            }
            #expect(try rig.names(in: "datastore") == [] && rig.names(in: "staging") == [])
        }
    }

    @Test(arguments: Kind.allCases) func convertsWhatIsStaged(_ kind: Kind) throws {
        try withDatastore(kind, format: "qcow2") { datastore, _ in
            let bytes = TestFiles.noise(1 << 20)
            let staged = try datastore.stage(NewImage(id: "7"))
            try write(bytes, into: staged)
            _ = try staged.describe(format: "raw", name: "x")
            let md5 = try staged.convert(from: "raw", to: "qcow2", name: "x", computesMD5: true)
            let source = try staged.publish()
            #expect(try TestFiles.md5(source) == md5)
            #expect(try QemuImage.describe(source, format: nil).format == "qcow2")
            #expect(try rig.names(in: "datastore").count == 1 && rig.names(in: "staging") == [])
        }
    }

    @Test(arguments: Kind.allCases) func takesNothingThatHasNoRoom(_ kind: Kind) throws {
        try withDatastore(kind) { datastore, _ in
            let error = #expect(throws: DriverError.self) {
                _ = try datastore.stage(NewImage(id: "7", needed: 1 << 60))
            }
            #expect(error?.cause.hasPrefix("1099511627776 MB are needed and ") == true)
            let staged = try datastore.stage(NewImage(id: "7"))
            // Over a bridge it depends on the first bytes where the room has to be.
            #expect(throws: DriverError.self) {
                try staged.checkRoom(for: 1 << 60)
                try write(TestFiles.noise(100_000), into: staged)
            }
            staged.discard()
            #expect(try rig.names(in: "datastore") == [] && rig.names(in: "staging") == [])
        }
    }

    /// A SOURCE outside of the datastore is left alone.
    @Test(arguments: Kind.allCases) func removesNothingElsewhere(_ kind: Kind) throws {
        try withDatastore(kind) { datastore, _ in
            let other = try rig.write("other", [1])
            try rig.write("datastore/image", [1])
            for source in [other, path + "/../other", path + "/", path, "image", "", "/"] {
                #expect((try? datastore.remove(source)) != true, "\(source)")
            }
            #expect(try rig.names() == ["datastore", "other", "staging"] && rig.names(in: "datastore") == ["image"])
        }
    }

    /// An image that is taken back once it is published, as a late signal demands, takes its directory with it.
    @Test(arguments: Kind.allCases) func takesItsDirectoryBack(_ kind: Kind) throws {
        try FileManager.default.removeItem(atPath: path)
        try withDatastore(kind) { datastore, _ in
            func bring() throws -> String {
                let staged = try datastore.stage(NewImage(id: "7"))
                try write([1], into: staged)
                return try staged.publish()
            }
            #expect(try datastore.remove(bring()))
            #expect(try rig.names() == ["staging"])
            let first = try bring()
            _ = try bring()
            #expect(try datastore.remove(first))
            #expect(try rig.names(in: "datastore").count == 1)
        }
    }

    /// Its directory is made for its first image, and goes again with that one alone.
    @Test func makesItsDirectory() throws {
        try FileManager.default.removeItem(atPath: path)
        try withDatastore(.directory) { datastore, _ in
            try datastore.stage(NewImage(id: "7")).discard()
            #expect(try rig.names() == ["staging"])
            let first = try datastore.stage(NewImage(id: "7"))
            let second = try datastore.stage(NewImage(id: "8"))
            let source = try second.publish()
            first.discard()
            #expect(try rig.names(in: "datastore").map { path + "/" + $0 } == [source])
        }
    }

    @Test func isOfAKindThatIsKnown() throws {
        let error = #expect(throws: DriverError.self) {
            _ = try datastore(request(.directory, Settings(), driver: "lvm"))
        }
        #expect(error?.object == "DATASTORE/DS_MAD" && error?.remedy == "use one of DS_MAD fs, ceph")
    }
}
