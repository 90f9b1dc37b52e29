import DriverProtocol
import Glibc
import Posix

/// An ISO with packages, like the one that OpenNebula publishes: read by bsdtar(1), or else by xorriso(1).
struct ContextDisc {
    /// The first descriptor of the volume: where it is, and what it begins with.
    private static let descriptor = (offset: 32768, beginning: [1] + Array("CD001".utf8), size: 84)
    private static let blockSize = 2048
    /// Blocks that programs put behind the files, and that may be missing.
    private static let padding = 150

    /// A path of this machine.
    let path: String
    /// Its name in errors.
    let name: String
    let site: BuildSite
    private let isXorriso = !isInstalled("bsdtar") && isInstalled("xorriso")

    /// A package on it, and the path that it has there.
    struct Entry {
        let path: String
        let name: ContextPackageName
    }

    /// Throws if the file is no ISO 9660 file system.
    init(path: String, name: String, site: BuildSite) throws {
        self.path = path
        self.name = name
        self.site = site
        do {
            let file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK)
            var bytes = [UInt8](repeating: 0, count: Self.descriptor.size)
            let count = pread(file.number, &bytes, bytes.count, off_t(Self.descriptor.offset))
            guard count == bytes.count, bytes.starts(with: Self.descriptor.beginning) else {
                throw problem("it is no ISO", remedy: "name an ISO, or a file that ends in .deb, .rpm or .apk")
            }
            let blocks = bytes[80..<84].reversed().reduce(0) { $0 << 8 | Int($1) }
            let size = try file.status().size
            // bsdtar lists what is left of it, or nothing, and succeeds.
            guard size >= (blocks - Self.padding) * Self.blockSize else {
                throw problem("it has \(size) bytes of \(blocks * Self.blockSize)")
            }
        } catch let error as SystemError {
            throw DriverError("read", "the package \(quoted(name))", error)
        }
    }

    /// Returns the packages on it. Files with names that no package has are passed over. Throws if there are no others.
    func entries() throws -> [Entry] {
        let result = try site.run(
            isXorriso ? ["xorriso", "-indev", "stdio:" + path, "-find", "/", "-type", "f"] : ["bsdtar", "-tf", path],
            package: "libarchive-tools")
        guard result.status.isSuccess else { throw problem("it cannot be read: \(result.reason)") }
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        let entries = lines.compactMap { line -> Entry? in
            // xorriso prints quotation marks around each.
            let path = isXorriso ? line.drop { $0 == "'" }.prefix { $0 != "'" } : line
            let parts = path.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }
            guard parts.allSatisfy(ContextPackageName.isPlain),
                let name = parts.last.flatMap({ ContextPackageName($0) })
            else { return nil }
            return Entry(path: String(path), name: name)
        }
        guard !entries.isEmpty else {
            throw problem(
                "no file on it has a name that ends in .deb, .rpm or .apk",
                remedy: "name an ISO of packages, with long names (Rock Ridge or Joliet)")
        }
        return entries
    }

    /// Writes a package to a new file.
    func extract(_ entry: Entry, to target: String) throws {
        let result = try site.run(
            isXorriso
                ? ["xorriso", "-osirrox", "on", "-indev", "stdio:" + path, "-extract", entry.path, target]
                : ["sh", "-c", "exec bsdtar -xOf \"$1\" -- \"$2\" >\"$3\"", "sh", path, entry.path, target],
            package: "libarchive-tools")
        guard result.status.isSuccess, (try? FileStatus(path: target, followLinks: false))?.isRegularFile == true else {
            throw problem("its \(quoted(entry.path)) cannot be read: \(result.reason)")
        }
    }

    private func problem(_ cause: String, remedy: String = "check that it came whole") -> DriverError {
        DriverError("read", "the package \(quoted(name))", cause: cause, remedy: remedy)
    }
}
