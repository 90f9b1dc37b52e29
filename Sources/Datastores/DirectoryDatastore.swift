import Checksums
import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// A datastore of files: the directory BASE_PATH, on this machine or on the hosts of BRIDGE_LIST. DS_MAD `fs`.
package struct DirectoryDatastore: Datastore {
    /// The required elements of the message.
    package static let inputs = [basePath]
    package static let placeAttribute: String? = basePath
    private static let basePath = "DATASTORE/BASE_PATH"
    private static let mode: UInt32 = 0o660

    package let format: String?
    let path: String
    let bridge: BridgeHosts?
    /// Directories outside of it in which its images may lie: SAFE_DIRS.
    let safeDirectories: [String]
    let log: Log
    private let images: any ImageDirectory
    private let stagingDirectory: String
    /// Whether zeros take no room: SPARSE.
    private let isSparse: Bool

    /// Reads the datastore's attributes. Throws a ``DriverError`` that names one with a bad value.
    package init(_ request: Request) throws(DriverError) {
        let message = request.message
        path = try message.requiredPath(Self.basePath)
        bridge = try BridgeHosts(request, at: "DATASTORE/TEMPLATE/BRIDGE_LIST")
        images = try imageDirectory(path, bridge: bridge, log: request.log)
        safeDirectories = message.words("DATASTORE/TEMPLATE/SAFE_DIRS")
        let converts = try message.flag("DATASTORE/TEMPLATE/CONVERT", default: true)
        format = converts ? try message.optionalImageFormat(at: "DATASTORE/TEMPLATE/DRIVER") : nil
        isSparse = try message.flag("DATASTORE/TEMPLATE/SPARSE", default: true)
        stagingDirectory = request.settings.stagingDirectory
        log = request.log
    }

    package func stage(_ image: NewImage) throws -> any StagedImage {
        let names = ImageNames(id: image.id, epoch: time(nil))
        // As the stock drivers do: a new datastore's first image finds no directory.
        let undo = try images.make(needing: image.needed) ?? {}
        do {
            let directory = LocalDirectory(path: bridge == nil ? path : stagingDirectory, log: log)
            let file = try directory.makeSink(names, mode: Self.mode, needing: image.needed)
            return StagedFile(file, log: log, undo: undo) { file in joined(path, try publish(file, names)) }
        } catch {
            undo()
            throw error
        }
    }

    package func remove(_ source: String) throws -> Bool {
        let name = source.utf8.split(separator: UInt8(ascii: "/")).last.flatMap(String.init) ?? ""
        guard source.utf8.elementsEqual(joined(path, name).utf8) else { return false }
        return try images.remove(name)
    }

    /// Gives a finished file its name in the datastore, on the bridge host if it has one. Returns the name.
    private func publish(_ file: FileSink, _ names: ImageNames) throws -> String {
        guard bridge != nil else {
            if !isSparse { try file.allocate() }
            return try file.publish()
        }
        let source = try FileSource(path: file.path)
        let sink = try images.makeSink(names, mode: Self.mode, needing: source.storageSize)
        _ = try ImageCopy(source, expected: ExpectedDigests(), computesMD5: false, log: log).run(into: sink)
        let name = try sink.publish()
        file.discard()
        return name
    }
}
