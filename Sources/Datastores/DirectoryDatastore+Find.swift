import Checksums
import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// Finding images.
extension DirectoryDatastore {
    package func find(_ image: StoredImage, md5: Bool) throws -> ImportInfo {
        try bridge.map { try find(image, through: $0, md5: md5) } ?? findLocally(image, md5: md5)
    }

    private func findLocally(_ image: StoredImage, md5: Bool) throws -> ImportInfo {
        let path = try resolved(image)
        let source = try FileSource(path: path)
        let description = try describe(image, at: path, length: source.length ?? 0)
        return ImportInfo(
            source: image.source, md5: md5 ? try Digest(.md5).finish(reading: source, log: log) : nil,
            size: description.virtualSize.megabytesRoundedUp, format: description.format)
    }

    /// Returns the image's path with its links resolved. It must lie in the datastore, or in a directory that the
    /// datastore calls safe.
    private func resolved(_ image: StoredImage) throws(DriverError) -> String {
        do {
            let real = try resolvedPath(image.source)
            for directory in [path] + safeDirectories {
                if let base = try? resolvedPath(directory), isInside(real, base), real != base { return real }
            }
        } catch {
            throw DriverError("read", "the image \(quoted(image.source))", error)
        }
        throw image.invalidSource(
            "lies outside of the datastore's BASE_PATH \(quoted(path))",
            remedy: "correct the image's SOURCE, or name its directory in SAFE_DIRS of the datastore")
    }

    private func describe(_ image: StoredImage, at path: String, length: UInt64) throws -> ImageDescription {
        guard let format = image.format else { return try QemuImage.describe(path, format: nil) }
        let known = try ImageDescription(
            format: format, head: try head(of: image, at: path), length: length, name: image.source)
        return try known ?? QemuImage.describe(path, format: format)
    }

    private func head(of image: StoredImage, at path: String) throws -> [UInt8] {
        do {
            let file = try FileDescriptor.open(path, O_RDONLY)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: QcowHeader.size, alignment: 16)
            defer { buffer.deallocate() }
            return Array(buffer[..<(try file.read(into: buffer, at: 0))])
        } catch {
            throw DriverError("read", "the image \(quoted(image.source))", error)
        }
    }

    /// Finds an image on a bridge host, whose source is `ssh://HOST:PATH`.
    private func find(_ image: StoredImage, through bridge: BridgeHosts, md5: Bool) throws -> ImportInfo {
        let remote = try bridge.inspect(image.source, in: path, md5: md5)
        let format = image.format ?? (QcowHeader(remote.head) == nil ? "raw" : "qcow2")
        let known = try ImageDescription(
            format: format, head: remote.head, length: remote.size, name: image.source)
        // Formats whose header is not read here have the size that oned knows.
        let size = known.map { $0.virtualSize.megabytesRoundedUp } ?? image.size
        return ImportInfo(
            source: "ssh://\(remote.host):\(image.source)", md5: remote.md5,
            size: size ?? remote.size.megabytesRoundedUp, format: format)
    }
}
