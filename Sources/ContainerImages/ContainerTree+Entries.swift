import Glibc
import Posix

extension ContainerTree {
    private static let listScript = """
        cd "$1" && exec find . -exec stat --printf '%f %u %g %t %T %h %i %s %n\\0' -- {} + >"$2"
        """

    /// Returns all files, each directory directly before its contents.
    func entries() throws -> [TreeEntry] {
        let list = site.file("listing")
        let result = try site.fakeroot(["sh", "-c", Self.listScript, "sh", path, list], changes: false)
        let bytes = result.status.isSuccess ? try? FileDescriptor.open(list, O_RDONLY).readToEnd(limit: 1 << 30) : nil
        let lines = bytes?.split(separator: 0)
        let entries = lines?.compactMap { TreeEntry($0) } ?? []
        guard let lines, !lines.isEmpty, lines.count == entries.count else {
            throw site.failure("its files cannot be listed: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
        return entries
    }
}
