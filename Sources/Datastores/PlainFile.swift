import DriverProtocol
import ImageTransfer
import Posix

/// A file that a person names instead of a datastore. An image keeps its format there.
package struct PlainFile: Datastore {
    package let format: String? = nil
    private let path: String
    private let directory: LocalDirectory
    private let name: String
    private let log: Log

    /// Throws a ``DriverError`` unless `path` can be the name of a new file.
    package init(_ path: String, log: Log) throws(DriverError) {
        self.log = log
        do {
            self.path = isAbsolute(path) ? path : joined(try workingDirectory(), path)
        } catch {
            throw DriverError("write", "to \(quoted(path))", error)
        }
        name = String(self.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last!) ?? ""
        directory = LocalDirectory(path: String(self.path.utf8.dropLast(name.utf8.count)) ?? "/", log: log)
        let isTaken = (try? FileStatus(path: self.path, followLinks: false)) != nil
        guard !name.isEmpty, !isTaken else {
            throw DriverError(
                "write", "to \(quoted(path))",
                cause: isTaken ? "there is something of that name already" : "it names no file",
                remedy: "choose the name of a new file")
        }
    }

    package func find(_ image: StoredImage, md5: Bool) throws -> ImportInfo {
        throw image.invalidSource("is in no datastore", remedy: "pass a message with a DATASTORE")
    }

    package func stage(_ image: NewImage) throws -> any StagedImage {
        let file = try directory.makeSink(
            ImageNames(name), mode: CurrentProcess.modeOfNewFiles, needing: image.needed)
        return StagedFile(file, log: log) { file in
            _ = try file.publish()
            return path
        }
    }

    package func remove(_ source: String) throws -> Bool { try directory.remove(name) }
}
