import DriverProtocol
import Glibc
import Posix

/// An ISO with packages, like the one that OpenNebula publishes: read by bsdtar(1), or else by xorriso(1).
struct ContextDisc {
    private static let mark = (offset: 32769, text: Array("CD001".utf8))

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
            var bytes = [UInt8](repeating: 0, count: Self.mark.text.count)
            let count = pread(file.number, &bytes, bytes.count, off_t(Self.mark.offset))
            guard count == bytes.count, bytes == Self.mark.text else {
                throw problem("it is no ISO", remedy: "name an ISO, or a file that ends in .deb, .rpm or .apk")
            }
        } catch let error as SystemError {
            throw DriverError("read", "the package \(quoted(name))", error)
        }
    }

    /// Returns the packages on it. Files with names that no package has are passed over.
    func entries() throws -> [Entry] {
        let result = try site.run(
            isXorriso ? ["xorriso", "-indev", "stdio:" + path, "-find", "/", "-type", "f"] : ["bsdtar", "-tf", path],
            package: "libarchive-tools")
        guard result.status.isSuccess else { throw problem("it cannot be read: \(result.reason)") }
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n").compactMap { line in
            // xorriso prints quotation marks around each.
            let path = isXorriso ? line.drop { $0 == "'" }.prefix { $0 != "'" } : line
            let parts = path.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }
            guard parts.allSatisfy(ContextPackageName.isPlain),
                let name = parts.last.flatMap({ ContextPackageName($0) })
            else { return nil }
            return Entry(path: String(path), name: name)
        }
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
