import DriverProtocol
import Glibc
import Posix

extension ContainerTree {
    private static let options = """
        --numeric-owner --same-owner --same-permissions --no-xattrs --delay-directory-restore
        """
    private static let unpackScript = """
        umask 022
        exec tar --extract --file "$1" --directory "$2" \(options)
        """
    /// $3 has the names of what tar(1) could not make, $4 mode, owner and path of what stands for it.
    private static let namespaceScript = """
        umask 022
        cd "$2" && chown 0:0 . && chmod 755 . || exit
        tar --extract --file "$1" --anchored --no-wildcards --exclude-from "$3" \(options) || exit
        exec xargs -0 -r -n 3 -a "$4" sh -c '
            mkdir -p -- "${3%/*}" && : >"$3" && chown "$2" -- "$3" && chmod "$1" -- "$3"' sh
        """

    /// Makes the tree of a container's archive, which a ``TarScanner`` has accepted, in a directory of the work
    /// directory.
    init(of archive: PackedArchive.Plain, _ site: BuildSite, name: String) throws {
        try self.init(site, name: name)
        if site.namespace != nil { placeholders = archive.devices }
        try unpack(archive.path, of: "\(site.image.url)")
    }

    /// Unpacks a plain tar archive that a ``TarScanner`` has accepted.
    func unpack(_ archive: String, of name: String) throws {
        let command =
            site.namespace == nil
            ? ["sh", "-c", Self.unpackScript, "sh", archive, path]
            : ["sh", "-c", Self.namespaceScript, "sh", archive, path] + (try listPlaceholders())
        let result = try site.runAsRoot(command, changes: true)
        guard result.status.isSuccess else {
            let cause = result.errors.split(separator: "\n").first.map(String.init) ?? result.reason
            throw site.fullDisk(cause)
                ?? DriverError(
                    "unpack", quoted(name), cause: cause,
                    remedy: "check the image and the free space of STAGING_DIR")
        }
        if site.namespace == nil { try makeReadable() }
    }

    /// Returns the paths of the two lists of the devices.
    private func listPlaceholders() throws -> [String] {
        let top = Array("./".utf8)
        var names: [UInt8] = []
        var files: [UInt8] = []
        // The list of names has lines. tar complains of a device that is not in it.
        for (path, device) in placeholders where !path.contains(UInt8(ascii: "\n")) {
            names += [path, top + path].flatMap { $0 + [UInt8(ascii: "\n")] }
            let words = [String(device.mode, radix: 8), "\(device.owner):\(device.group)"].map { Array($0.utf8) }
            files += (words + [top + path]).flatMap { $0 + [0] }
        }
        return [
            try site.write(names, to: "devices-\(randomName())"),
            try site.write(files, to: "placeholders-\(randomName())"),
        ]
    }

    /// Returns the device that `entry` stands for, or nil if it is no placeholder, or no longer.
    func device(_ entry: TreeEntry) -> ArchiveDevice? {
        guard !placeholders.isEmpty, entry.size == 0, ![S_IFDIR, S_IFLNK, S_IFIFO, S_IFSOCK].contains(entry.kind) else {
            return nil
        }
        return placeholders[Array(entry.path.dropFirst(2))]
    }

    /// Lets this process's user read files that only root could (`/etc/shadow` with the mode 0000). fakeroot(1) does
    /// not see that: for it they keep the modes that tar gave them.
    private func makeReadable() throws {
        let result = try site.run(["chmod", "-R", "u+rX", "--", path], package: "coreutils")
        guard result.status.isSuccess else {
            throw site.failure("its files cannot be read: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
    }
}
