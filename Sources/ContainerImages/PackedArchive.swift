import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// A kind of archive. It is made a plain tar archive first, so that one scanner serves all kinds.
enum PackedArchive: String {
    case squashfs, deb, rpm, apk

    /// Writes $1 as a tar archive to $2.
    private var script: String {
        switch self {
        case .squashfs: "exec sqfs2tar --root-becomes . -- \"$1\" >\"$2\""
        case .deb: "exec dpkg-deb --fsys-tarfile \"$1\" >\"$2\""
        case .rpm: "exec rpm2archive --nocompression - <\"$1\" >\"$2\""
        // Three archives one after the other, each compressed; the first two have no end.
        case .apk: "exec gzip -dc <\"$1\" >\"$2\""
        }
    }

    private var program: (name: String, package: String) {
        switch self {
        case .squashfs: ("sqfs2tar", "squashfs-tools-ng")
        case .deb: ("dpkg-deb", "dpkg")
        case .rpm: ("rpm2archive", "rpm")
        case .apk: ("gzip", "gzip")
        }
    }

    private func isComplete(_ status: ExitStatus) -> Bool {
        self == .apk ? Compression.gzip.isComplete(status) : status.isSuccess
    }

    /// A plain archive, and what is in it beside files: extended attributes, and devices by their paths.
    struct Plain {
        let path: String
        let attributes: ArchiveAttributes
        let devices: [[UInt8]: ArchiveDevice]
    }

    /// Makes a plain archive of the one at `path`, beside it. Throws if an entry would be written outside the tree.
    ///
    /// - Parameter name: its name in errors.
    func plain(_ path: String, of name: String, in site: BuildSite) throws -> Plain {
        let archive = path + ".tar"
        let result = try site.run(["sh", "-c", script, "sh", path, archive], package: program.package)
        let remedy = "check \(quoted(name)) and the free space of STAGING_DIR"
        guard isComplete(result.status) else {
            throw DriverError(
                "unpack", quoted(name), cause: "\(program.name) has failed: \(result.reason)", remedy: remedy)
        }
        for line in result.errors.split(separator: "\n") {
            site.log.warning("\(program.name) says of \(quoted(name)): \(oneLine(String(line), limit: 200))")
        }
        unlink(path)
        do throws(TarScanner.Fault) {
            var scanner = TarScanner()
            try Self.scan(archive, with: &scanner)
            return Plain(path: archive, attributes: scanner.attributes, devices: scanner.devices)
        } catch {
            throw DriverError(
                "unpack", quoted(name), cause: error.reason, remedy: "use another one, and tell its makers")
        }
    }

    private static func scan(_ path: String, with scanner: inout TarScanner) throws(TarScanner.Fault) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        do {
            let file = try FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW)
            while true {
                let count = try file.read(into: buffer)
                if count == 0 { break }
                try scanner.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            try scanner.finish()
        } catch let fault as TarScanner.Fault {
            throw fault
        } catch {
            throw TarScanner.Fault(reason: "\(error)")
        }
    }
}
