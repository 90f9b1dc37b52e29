import Bytes
import Checksums
import DriverProtocol
import Glibc
import HTTP
import Posix

/// The last good catalog of a marketplace, in a file below the drivers' state: a template that describes it, an empty
/// line, and the catalog.
struct CatalogCache {
    /// The validators that make a request conditional: RFC 9110, section 8.8.
    struct Validators: Equatable {
        var etag: String?
        var lastModified: String?

        /// If-None-Match and If-Modified-Since.
        var headers: HTTPHeaders {
            HTTPHeaders(
                [("If-None-Match", etag), ("If-Modified-Since", lastModified)].compactMap { name, value in
                    value.map { (name, $0) }
                })
        }
    }

    private let directory: String
    private let name: String
    private let key: String

    /// - Parameters:
    ///   - part: the number of the document in its catalog.
    ///   - key: what the catalog depends on, beside the marketplace: one that was kept with another key is not used.
    init(_ request: Request, part: Int, key: String) {
        directory = request.installation.driverState
        let id = request.message.value(.marketplaceID) ?? "\(request.id)"
        name = "catalog-" + (UInt32(id).map(String.init) ?? "0") + (part == 0 ? "" : "-\(part)")
        self.key = key
    }

    private var path: String { joined(directory, name) }

    /// Returns the kept catalog, or nil if there is none for this key that a server could be asked about.
    func load(limit: Int) -> (bytes: [UInt8], validators: Validators)? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW),
            var bytes = try? file.readToEnd(limit: limit + 4096),
            let end = bytes.prefix(4096).indices.first(where: { bytes[$0...].starts(with: [0x0A, 0x0A]) }),
            let head = try? Template(parsing: String(decoding: bytes[...end], as: UTF8.self)),
            head["KEY"] == Template.representable(key)
        else { return nil }
        bytes.removeFirst(end + 2)
        let validators = Validators(etag: head["ETAG"], lastModified: head["LAST_MODIFIED"])
        // A damaged catalog would be used for as long as the server says that nothing has changed.
        guard head["MD5"] == Self.digest(of: bytes), !validators.headers.isEmpty else { return nil }
        return (bytes, validators)
    }

    private static func digest(of bytes: [UInt8]) -> String { hexadecimal(PartedChecksums.md5(of: bytes)) }

    /// A catalog in a temporary file, which is used only once it is published.
    struct Copy {
        private let file: PendingFile
        private let name: String

        fileprivate init(file: PendingFile, name: String) {
            self.file = file
            self.name = name
        }

        /// Replaces the previous one.
        func publish() throws(DriverError) {
            let path = joined(file.directory, name)
            unlink(path)
            do {
                _ = try file.publish(as: [name], mode: 0o640)
            } catch {
                // Another run has just kept the same.
                guard error.code != EEXIST else { return }
                throw DriverError("write", quoted(path), error)
            }
        }
    }

    /// Writes a catalog to a temporary file. Returns nil if a server could not be asked about it.
    func begin(_ bytes: [UInt8], _ validators: Validators) throws -> Copy? {
        guard !validators.headers.isEmpty else { return nil }
        var head = Template()
        head.append("KEY", key)
        head.append("MD5", Self.digest(of: bytes))
        if let etag = validators.etag { head.append("ETAG", etag) }
        if let date = validators.lastModified { head.append("LAST_MODIFIED", date) }
        // A validator that a template would change cannot be used.
        guard let read = try? Template(parsing: head.text), read == head, head.text.utf8.count < 4096 else {
            return nil
        }
        do {
            if mkdir(directory, 0o750) != 0, errno != EEXIST { throw SystemError("mkdir", directory) }
            PendingFile.removeAbandoned(in: directory)
            let file = try PendingFile(in: directory)
            for part in [Array((head.text + "\n").utf8), bytes] {
                try part.withUnsafeBytes { try file.descriptor.writeAll($0) }
            }
            return Copy(file: file, name: name)
        } catch let error as SystemError {
            throw DriverError("write", quoted(path), error)
        }
    }
}
