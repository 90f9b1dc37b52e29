import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// The target of a download: TO of the command line.
struct DownloadTarget {
    /// The links that Linux follows: path_resolution(7).
    private static let linkLimit = 40

    /// A file's directory and its name there.
    struct Place {
        let directory: String
        let name: String

        /// Divides a path.
        init(_ path: String) {
            let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
            directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            name = String(path[(slash.map { path.utf8.index(after: $0) } ?? path.startIndex)...])
        }

        var path: String { joined(directory, name) }
    }

    let sink: any ImageSink
    /// The file that becomes visible in the end; nil if the bytes go out as they come.
    let file: (sink: FileSink, place: Place)?

    /// Opens it. A regular file becomes visible when it is whole, and replaces the file of its name. Standard output,
    /// devices and named pipes are written as the bytes come. Throws ``DriverError`` or `Interrupted`.
    ///
    /// - Parameter needed: bytes that must have room; nil if that is not known.
    init(_ path: String, needing needed: UInt64?, log: Log) throws {
        let existing = try? FileStatus(path: path)
        guard path != "-", existing.map({ $0.isRegularFile && !Self.isOpenFile(path) }) ?? true else {
            sink = path == "-" ? StreamSink(.standardOutput) : try StreamSink(path: path)
            file = nil
            return
        }
        // Through links, as a shell would write.
        let place = Place(try existing == nil ? Self.behindLinks(path) : resolvedPath(path))
        let made = try LocalDirectory(path: place.directory, log: log).makeSink(
            replacing: place.name, mode: existing.map(Self.mode(replacing:)) ?? CurrentProcess.modeOfNewFiles,
            needing: needed)
        sink = made
        file = (made, place)
    }

    /// Returns the path of the file that does not exist yet, and that opening `path` would make: link by link, since
    /// realpath(3) needs a file.
    private static func behindLinks(_ path: String) throws(DriverError) -> String {
        var path = path
        for _ in 0..<linkLimit {
            guard let target = try? linkTarget(path) else { return path }
            path = isAbsolute(target) ? target : joined(Place(path).directory, target)
        }
        throw DriverError("write", quoted(path), SystemError("open", path, code: ELOOP))
    }

    /// Returns the mode of a file that replaces `existing`. It belongs to this process's user, whoever made the old one:
    /// it is never set-id, and others than the old one's owner had not let everybody write it.
    private static func mode(replacing existing: FileStatus) -> UInt32 {
        existing.mode & (existing.owner == geteuid() ? 0o777 : 0o755)
    }

    /// Whether a path leads to a descriptor of a process: /dev/stdout, /dev/fd/3.
    private static func isOpenFile(_ path: String) -> Bool {
        if ["/dev/stdout", "/dev/stderr"].contains(path) { return true }
        return (try? resolvedPath(Place(path).directory)).map { isInside($0, "/proc") } ?? false
    }
}
