import Checksums
import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// A datastore of files: the directory BASE_PATH, on this machine or on the hosts of BRIDGE_LIST. DS_MAD `fs`.
package struct DirectoryDatastore: Datastore {
    package static let inputs = [basePath, bridgeList, safeDirs, driver, convert, sparse]
    /// What a copy into it reads: `cp` reads SAFE_DIRS for its sources, too.
    package static let copyInputs = inputs.filter { $0 != safeDirs }
    package static let placeInput: Input? = basePath
    private static let basePath = Input.required(
        "DATASTORE/BASE_PATH", "Absolute path of the datastore's directory, without spaces.",
        example: "/var/lib/one/datastores/1")
    private static let bridgeList = Input.optional(
        "DATASTORE/TEMPLATE/BRIDGE_LIST", "Hosts that hold the datastore, separated by spaces.",
        otherwise: "the front-end"
    )
    private static let safeDirs = Input.optional(
        "DATASTORE/TEMPLATE/SAFE_DIRS", "More directories that may hold images, separated by spaces.")
    private static let driver = Input.optional(
        "DATASTORE/TEMPLATE/DRIVER", "Format to convert images to: `qcow2`, `raw`, …",
        otherwise: "no conversion")
    private static let convert = Input.optional(
        "DATASTORE/TEMPLATE/CONVERT", default: "YES", "`NO` switches the conversion to `DRIVER` off.")
    private static let sparse = Input.optional(
        "DATASTORE/TEMPLATE/SPARSE", default: "YES",
        "`NO` allocates disk space for zeros, too.")
    private static let mode: UInt32 = 0o660
    /// How often a file is begun at the most, if its directory disappears.
    private static let attempts = 5

    package let format: String?
    let path: String
    let bridge: BridgeHosts?
    /// Directories outside of it in which its images may lie: SAFE_DIRS.
    let safeDirectories: [String]
    let log: Log
    private let images: any ImageDirectory
    private let stagingDirectory: String
    private let made = MadeDirectory()
    /// Whether zeros take no room: SPARSE.
    private let isSparse: Bool

    /// Reads the datastore's attributes. Throws a ``DriverError`` that names one with a bad value.
    package init(_ request: Request) throws(DriverError) {
        let message = request.message
        path = try message.requiredPath(Self.basePath)
        bridge = try BridgeHosts(request, at: Self.bridgeList)
        isSparse = try message.flag(Self.sparse)
        images = try imageDirectory(path, bridge: bridge, allocates: !isSparse, log: request.log)
        safeDirectories = message.words(Self.safeDirs)
        let converts = try message.flag(Self.convert)
        format = converts ? try message.optionalImageFormat(at: Self.driver, toWrite: true) : nil
        stagingDirectory = request.settings.stagingDirectory
        log = request.log
    }

    package func stage(_ image: NewImage) throws -> any StagedImage {
        let names = ImageNames(id: image.id, epoch: time(nil))
        try makeDirectory(needing: image.needed)
        let undo = made.takeBack
        guard bridge == nil else {
            return BridgeImage(image, name: path, wanted: format, way: way(names), undo: undo)
        }
        do {
            let local = LocalDirectory(path: path, log: log)
            let file = try inDirectory(needing: image.needed) {
                try local.makeSink(names, mode: Self.mode, needing: image.needed)
            }
            return StagedFile(file, log: log, undo: undo) { file in
                if !isSparse { try file.allocate() }
                return joined(path, try file.publish())
            }
        } catch {
            undo()
            throw error
        }
    }

    /// Makes the directory, as the stock drivers do: a new datastore's first image finds none.
    private func makeDirectory(needing needed: UInt64?) throws {
        if let undo = try images.make(needing: needed) { made.undo = undo }
    }

    /// Begins a file. If another image has made the directory, and taken it back since, makes it anew.
    private func inDirectory<Sink>(needing needed: UInt64?, _ begin: () throws -> Sink) throws -> Sink {
        for _ in 1..<Self.attempts {
            do { return try begin() } catch let error as DriverError where error.isOfMissingFile {
                try makeDirectory(needing: needed)
            }
        }
        return try begin()
    }

    /// Returns the way of an image to the bridge host, where it gets the first of `names` that is free.
    private func way(_ names: ImageNames) -> BridgeImage.Way {
        let send = { needed in
            try inDirectory(needing: needed) {
                try images.makeSink(names, mode: Self.mode, needing: needed) as any ImageSink
            }
        }
        return BridgeImage.Way(send: send) { needed in
            let staging = LocalDirectory(path: stagingDirectory, log: log)
            let file = try staging.makeSink(names, mode: Self.mode, needing: needed)
            return StagedFile(file, log: log) { file in
                let source = try FileSource(path: file.path)
                let sink = try send(source.storageSize)
                _ = try ImageCopy(source, expected: ExpectedDigests(), computesMD5: false, log: log).run(into: sink)
                let name = try sink.publish()
                file.discard()
                return name
            }
        }
    }

    package func remove(_ source: String) throws -> Bool {
        let name = source.utf8.split(separator: UInt8(ascii: "/")).last.flatMap(String.init) ?? ""
        guard source.utf8.elementsEqual(joined(path, name).utf8) else { return false }
        defer { made.takeBack() }
        return try images.remove(name)
    }
}

/// The directory of a datastore, if its first image made it: it goes when that image does not stay.
private final class MadeDirectory: @unchecked Sendable {
    /// Removes it if nothing is in it. Nil if it was there.
    var undo: (() -> Void)?

    func takeBack() {
        undo?()
        undo = nil
    }
}
