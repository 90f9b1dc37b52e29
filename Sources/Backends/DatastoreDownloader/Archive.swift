import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// An archive that becomes a directory of the target's name, as the stock script makes one.
enum Archive {
    case tar, zip

    /// The length of a file's beginning that shows its kind, in bytes.
    static let headSize = 512
    /// The longest time that unpacking may take, in seconds: two days.
    private static let timeout: Double = 172_800

    /// What tar(1) and unzip(1) say besides the reason why they have failed.
    private static let asides = ["Removing leading", "warning:", "Exiting with failure"]

    /// The kind by the file's beginning, or nil if it is no archive: POSIX.1-1988 (`ustar`), APPNOTE.TXT of PKWARE.
    init?(head: [UInt8]) {
        if head.dropFirst(257).starts(with: "ustar".utf8) {
            self = .tar
        } else if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            self = .zip
        } else {
            return nil
        }
    }

    /// Unpacks the file at `path` into a new directory, which replaces the file at `target`. Nothing is visible before
    /// all of it is there and was found harmless. Throws a ``DriverError`` that calls the archive `name`.
    func unpack(_ path: String, to target: DownloadTarget.Place, name: String) throws {
        let work = try WorkDirectory(in: target.directory)
        let unpacked = work.file("unpacked")
        do {
            try retrying("mkdir", unpacked) { mkdir(unpacked, 0o777) }
            try run(arguments(path, into: unpacked), name)
            try check(unpacked, in: resolvedPath(unpacked), name)
            // A file cannot be replaced by a directory in one step.
            if unlink(target.path) != 0, errno != ENOENT { throw SystemError("unlink", target.path) }
            try retrying("rename", target.path) { rename(unpacked, target.path) }
        } catch let error as SystemError {
            throw DriverError("unpack", "the archive \(quoted(name))", error)
        }
    }

    private func arguments(_ path: String, into directory: String) -> [String] {
        switch self {
        case .tar:
            // Members with `..` are refused by tar itself, links are made last.
            ["tar", "-x", "--force-local", "--no-same-owner", "--no-same-permissions", "-f", path, "-C", directory]
        case .zip: ["unzip", "-q", "-o", "-d", directory, path]
        }
    }

    private func run(_ arguments: [String], _ name: String) throws {
        let result: Command.Result
        do {
            result = try Command(arguments).run(timeout: Self.timeout)
        } catch let error as SystemError {
            throw DriverError(
                "unpack", "the archive \(quoted(name))", error,
                remedy: error.code == ENOENT ? "install the package \(arguments[0])" : nil)
        }
        guard !result.status.isSuccess else { return }
        let lines = result.errors.split(whereSeparator: \.isNewline)
        let reason = lines.first { line in !line.hasPrefix("[") && !Self.asides.contains { line.contains($0) } }
        let complaint = reason ?? lines.last
        throw problem(name, complaint.map { oneLine(String($0)) } ?? "\(arguments[0]): \(result.status)")
    }

    /// Throws a ``DriverError`` unless `directory` has only files, directories, and links that stay below `root`.
    private func check(_ directory: String, in root: String, _ name: String) throws {
        for entry in try directoryEntries(directory) {
            let path = joined(directory, entry)
            let status = try FileStatus(path: path, followLinks: false)
            if status.isDirectory {
                try check(path, in: root, name)
            } else if status.isLink {
                let isInside = (try? resolvedPath(path)).map { Posix.isInside($0, root) }
                guard try isInside ?? Self.isHarmless(link: linkTarget(path)) else {
                    throw problem(name, "its link \(quoted(entry)) leads out of it")
                }
            } else if !status.isRegularFile {
                throw problem(name, "\(quoted(entry)) in it is \(status.kind)")
            }
        }
    }

    /// Whether a link that leads to nothing cannot leave its directory.
    private static func isHarmless(link target: String) -> Bool {
        !isAbsolute(target)
            && !target.utf8.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
    }

    private func problem(_ name: String, _ cause: String) -> DriverError {
        DriverError(
            "unpack", "the archive \(quoted(name))", cause: cause,
            remedy: "use another one, or keep it packed with --nodecomp")
    }
}
