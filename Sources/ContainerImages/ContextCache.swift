import Checksums
import DriverProtocol
import Glibc
import Posix

/// What has been fetched for containers and may be wanted again, in files below the drivers' state: pages of releases,
/// and packages under their SHA-256.
struct ContextCache {
    /// Seconds for which a page is not asked for again.
    private static let freshness = 3600
    /// Seconds for which a file is kept.
    private static let age = 60 * 24 * 3600
    private static let pageLimit = 4 << 20

    let directory: String
    private let state: String
    private let log: Log

    init(_ request: Request) {
        state = request.installation.driverState
        directory = state + "/context"
        log = request.log
    }

    // MARK: Pages

    private func name(ofPage url: WebURL) -> String? {
        (try? Digest.of(url.text, .sha256)).map { "page-" + $0 }
    }

    /// Returns a page that has been kept, and whether that was only just now.
    func page(of url: WebURL) -> (bytes: [UInt8], isFresh: Bool)? {
        guard let name = name(ofPage: url),
            let file = try? FileDescriptor.open(joined(directory, name), O_RDONLY | O_NOFOLLOW),
            let status = try? file.status(), let bytes = try? file.readToEnd(limit: Self.pageLimit)
        else { return nil }
        let age = time(nil) &- status.modificationSeconds
        return (bytes, (0..<Self.freshness).contains(age))
    }

    func keep(page: [UInt8], of url: WebURL) {
        guard let name = name(ofPage: url) else { return }
        keep(page, as: name)
    }

    // MARK: Packages

    /// Returns the path of a package that has been kept, or nil if it has not. Its digest is to be compared still.
    func package(sha256: String) -> String? {
        let path = joined(directory, sha256)
        return (try? FileStatus(path: path, followLinks: false))?.isRegularFile == true ? path : nil
    }

    /// Keeps a copy of a package that is known to have the digest.
    func keep(package path: String, sha256: String) {
        guard let bytes = try? FileDescriptor.open(path, O_RDONLY).readToEnd(limit: 64 << 20) else { return }
        keep(bytes, as: sha256)
    }

    func remove(sha256: String) { unlink(joined(directory, sha256)) }

    // MARK: Files

    private func keep(_ bytes: [UInt8], as name: String) {
        do {
            for path in [state, directory] {
                if mkdir(path, 0o750) != 0, errno != EEXIST { throw SystemError("mkdir", path) }
            }
            PendingFile.removeAbandoned(in: directory)
            removeOld()
            let file = try PendingFile(in: directory)
            try bytes.withUnsafeBytes { try file.descriptor.writeAll($0) }
            try file.publish(replacing: name, mode: 0o640)
        } catch {
            log.warning("what was fetched is not kept for the next time: \(error)")
        }
    }

    private func removeOld() {
        for name in (try? directoryEntries(directory)) ?? [] where !name.hasPrefix(".") {
            let path = joined(directory, name)
            guard let status = try? FileStatus(path: path, followLinks: false), status.isRegularFile else { continue }
            if time(nil) &- status.modificationSeconds > Self.age { unlink(path) }
        }
    }
}
