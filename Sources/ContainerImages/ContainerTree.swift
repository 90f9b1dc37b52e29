import DriverProtocol
import Glibc
import Posix

/// The unpacked files of a container. They belong to this process's user, and fakeroot(1) knows their owners in the
/// container; or they belong to the ids that stand for these in a namespace.
struct ContainerTree {
    private static let countScript = """
        du -sk -- "$1" | cut -f 1
        find "$1" -printf x | wc -c
        """
    private static let linkLimit = 40

    let site: BuildSite
    let path: String
    /// The devices that empty files stand for, by their paths: nobody makes devices in a user namespace.
    var placeholders: [[UInt8]: ArchiveDevice] = [:]

    /// Makes an empty tree of that name in the work directory.
    init(_ site: BuildSite, name: String) throws {
        self.site = site
        path = site.file(name)
        // An archive need not have an entry for its top.
        guard mkdir(path, 0o755) == 0, chmod(path, 0o755) == 0 else {
            throw DriverError("build", quoted(site.image.url), SystemError("mkdir", path))
        }
    }

    /// Returns the room that the tree takes on this disk, and the number of its files.
    func count() throws -> (kibibytes: UInt64, files: UInt64) {
        let result = try site.runAsRoot(["sh", "-c", Self.countScript, "sh", path], changes: false)
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n").compactMap {
            UInt64($0.filter { $0 != " " })
        }
        guard result.status.isSuccess, lines.count == 2 else {
            throw site.failure("its files cannot be counted: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
        return (lines[0], lines[1])
    }

    // MARK: Paths in the container

    /// Resolves `name` as the container would, to a path below ``path`` without symbolic links: a link leads to a place
    /// in the tree, wherever it points. The last parts may be missing. Returns nil if links lead in circles.
    func resolved(_ name: String) -> String? {
        var pending = Self.components(name)
        var found: [String] = []
        var links = 0
        while let component = pending.popLast() {
            if component == ".." {
                _ = found.popLast()
                continue
            }
            let place = joined(path, (found + [component]).joined(separator: "/"))
            guard let bytes = Self.linkTarget(Array(place.utf8)) else {
                found.append(component)
                continue
            }
            links += 1
            guard links <= Self.linkLimit else { return nil }
            let target = String(decoding: bytes, as: UTF8.self)
            if target.hasPrefix("/") { found = [] }
            pending += Self.components(target)
        }
        return found.joined(separator: "/")
    }

    /// Like ``resolved(_:)``, but a link in the last part of `name` is not followed.
    func place(of name: String) -> String? {
        var components = Self.components(name)
        guard let last = components.first, last != ".." else { return nil }
        components.removeFirst()
        guard let parent = resolved(components.reversed().joined(separator: "/")) else { return nil }
        return parent.isEmpty ? last : parent + "/" + last
    }

    /// Returns the status of the file at `name` in the container, with all links followed, or nil if there is none.
    func status(_ name: String) -> FileStatus? {
        guard let place = resolved(name) else { return nil }
        return try? FileStatus(path: joined(path, place), followLinks: false)
    }

    /// Returns the names in a directory of the container, sorted; none if there is no such directory.
    func names(in directory: String) -> [String] {
        guard let place = resolved(directory), status(directory)?.isDirectory == true else { return [] }
        return ((try? directoryEntries(joined(path, place))) ?? []).sorted()
    }

    /// Returns the text of a regular file in the container, or nil if there is none or it has more than 64 KiB.
    func text(of name: String) -> String? {
        bytes(of: name, limit: 64 << 10).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Returns the content of a regular file in the container, or nil if there is none or it has more bytes.
    func bytes(of name: String, limit: Int) -> [UInt8]? {
        guard let place = resolved(name), status(name)?.isRegularFile == true,
            let file = try? FileDescriptor.open(joined(path, place), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        else { return nil }
        return try? file.readToEnd(limit: limit)
    }

    /// The processor of the container's programs, as uname(1) calls it, or nil if it is none that is known: the machine
    /// in the header of its shell, elf(5).
    var machine: String? {
        guard let place = resolved("bin/sh"),
            let file = try? FileDescriptor.open(joined(path, place), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        else { return nil }
        var header = [UInt8](repeating: 0, count: 20)
        guard pread(file.number, &header, header.count, 0) == header.count, header.starts(with: "\u{7F}ELF".utf8)
        else { return nil }
        return [[62, 0]: "x86_64", [183, 0]: "aarch64"][Array(header[18...])]
    }

    /// Returns the parts of a path, from the last to the first.
    private static func components(_ path: String) -> [String] {
        path.split(separator: "/").filter { $0 != "." }.reversed().map(String.init)
    }

    private static func linkTarget(_ path: [UInt8]) -> [UInt8]? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = (path + [0]).withUnsafeBytes { path in
            readlink(path.baseAddress!.assumingMemoryBound(to: CChar.self), &buffer, buffer.count)
        }
        return count < 0 ? nil : buffer[..<count].map(UInt8.init(bitPattern:))
    }
}
