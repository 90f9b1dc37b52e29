import DriverProtocol
import Glibc
import Posix

extension ContainerTree {
    private static let listLimit = 1 << 30
    private static let linkScript = """
        cd "$1" && find . -type l -printf '%p\\0%l\\0' >"$2"
        """
    /// Of stat(1): that of ``TreeEntry``.
    private static let format = "%f %u %g %t %T %h %i %s %Y %n\\0"
    private static let listScript = """
        cd "$1" && exec find . -exec stat --printf '\(format)' -- {} + >"$2"
        """
    private static let topScript = """
        cd "$1" && exec stat --printf '\(format)' -- . >"$2"
        """

    /// Returns all files, each directory directly before its contents.
    func entries() throws -> [TreeEntry] {
        let lines = try strings(of: Self.listScript)
        let entries = lines.compactMap { TreeEntry($0) }
        guard !lines.isEmpty, lines.count == entries.count else { throw unlisted("the list is damaged") }
        return entries.map { entry in
            guard let device = device(entry) else { return entry }
            var entry = entry
            entry.mode = entry.mode & 0o7777 | device.kind
            entry.device = (device.major, device.minor)
            return entry
        }
    }

    /// Returns the root directory.
    func top() throws -> TreeEntry {
        guard let line = try strings(of: Self.topScript).first, let entry = TreeEntry(line) else {
            throw unlisted("the list is damaged")
        }
        return entry
    }

    /// Returns the targets of all symbolic links, by the links' paths in the form of ``TreeEntry``: readlink(2).
    func linkTargets() throws -> [[UInt8]: [UInt8]] {
        let strings = try strings(of: Self.linkScript)
        guard strings.count % 2 == 0 else { throw unlisted("the list of links is damaged") }
        let pairs = stride(from: 0, to: strings.count, by: 2).map { (Array(strings[$0]), Array(strings[$0 + 1])) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Returns the strings that a script writes to its second argument, each with a NUL at its end.
    private func strings(of script: String) throws -> [ArraySlice<UInt8>] { try list(script).split(separator: 0) }

    /// Returns what a script writes to its second argument.
    func list(_ script: String, package: String? = nil) throws -> [UInt8] {
        let list = site.file("listing")
        let result = try site.runAsRoot(["sh", "-c", script, "sh", path, list], changes: false, package: package)
        defer { unlink(list) }
        guard result.status.isSuccess else { throw unlisted(result.reason) }
        do {
            guard let bytes = try FileDescriptor.open(list, O_RDONLY).readToEnd(limit: Self.listLimit) else {
                throw unlisted("the list has more than \(Self.listLimit >> 20) MB")
            }
            return bytes
        } catch let error as SystemError {
            throw unlisted("\(error)")
        }
    }

    private func unlisted(_ reason: String) -> DriverError {
        site.failure("its files cannot be listed: \(reason)", remedy: "check the disk of STAGING_DIR")
    }
}
