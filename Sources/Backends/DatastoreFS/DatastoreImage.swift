import Checksums
import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// An image in a datastore of files.
struct DatastoreImage {
    let path: String
    let directory: String
    let request: Request
    let needsMD5: Bool

    /// The image, where the datastore is mounted on this machine.
    func describeLocally() throws -> ImportInfo {
        let path = try resolved()
        let source = try FileSource(path: path)
        let description = try describe(path, length: source.length ?? 0)
        return ImportInfo(
            source: self.path, md5: needsMD5 ? try Digest(.md5).finish(reading: source, log: request.log) : nil,
            size: megabytes(roundingUp: description.virtualSize), format: description.format)
    }

    /// The path with its links resolved. It must lie in the datastore, or in a directory that the datastore calls safe.
    private func resolved() throws(DriverError) -> String {
        do {
            let real = try resolvedPath(path)
            let allowed = [directory] + request.message.words("DATASTORE/TEMPLATE/SAFE_DIRS")
            for directory in allowed {
                if let base = try? resolvedPath(directory), isInside(real, base), real != base { return real }
            }
        } catch {
            throw DriverError("read", "the image \(quoted(path))", error)
        }
        throw request.message.invalid(
            "IMAGE/SOURCE", "lies outside of the datastore's BASE_PATH \(quoted(directory))",
            remedy: "correct the image's SOURCE, or name its directory in SAFE_DIRS of the datastore")
    }

    private func describe(_ path: String, length: UInt64) throws -> ImageDescription {
        guard request.message.value("IMAGE/FORMAT") != nil else { return try QemuImage.describe(path, format: nil) }
        let format = try imageFormat(request.message, at: "IMAGE/FORMAT")
        let known = try ImageDescription(format: format, head: try head(of: path), length: length, name: self.path)
        return try known ?? QemuImage.describe(path, format: format)
    }

    private func head(of path: String) throws -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, O_RDONLY)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: QcowHeader.size, alignment: 16)
            defer { buffer.deallocate() }
            return Array(buffer[..<(try file.read(into: buffer, at: 0))])
        } catch {
            throw DriverError("read", "the image \(quoted(self.path))", error)
        }
    }

    /// The image, where the datastore is mounted on bridge hosts. The source is `ssh://HOST:PATH` then.
    func describe(through bridge: BridgeHosts) throws -> ImportInfo {
        let remote = try bridge.inspect(path, in: directory, md5: needsMD5)
        let format =
            try request.message.value("IMAGE/FORMAT") == nil
            ? (QcowHeader(remote.head) == nil ? "raw" : "qcow2") : imageFormat(request.message, at: "IMAGE/FORMAT")
        let known = try ImageDescription(format: format, head: remote.head, length: remote.size, name: path)
        // Formats whose header is not read here: as large as oned has it.
        let size = try known.map { megabytes(roundingUp: $0.virtualSize) } ?? request.message.number("IMAGE/SIZE")
        return ImportInfo(
            source: "ssh://\(remote.host):\(path)", md5: remote.md5,
            size: size ?? megabytes(roundingUp: remote.size), format: format)
    }
}
