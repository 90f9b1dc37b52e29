import DriverProtocol
import Glibc
import Posix

/// Makes a disk image of a container's root file system, as an ordinary user: fakeroot(1) remembers the owners, modes and
/// devices that only root could give, and mke2fs(8) puts them into the image.
struct ContainerBuild {
    private static let timeout: Double = 7200
    /// Unpacks $1 into $2 and counts what there is: KiB and files.
    private static let unpackArchive = """
        set -e
        tar --extract --file "$1" --directory "$2" --numeric-owner --same-owner --same-permissions \
            --no-xattrs --delay-directory-restore
        du -sk -- "$2" | cut -f 1
        find "$2" -printf x | wc -c
        """
    private static let unpackSquashfs = """
        set -e
        unsquashfs -quiet -no-progress -no-xattrs -force -dest "$2" "$1" >&2
        du -sk -- "$2" | cut -f 1
        find "$2" -printf x | wc -c
        """

    /// What was fetched.
    struct RootFile {
        let path: String
        let isSquashfs: Bool
        let attributes: [TarScanner.ExtendedAttribute]
    }

    let directory: WorkDirectory
    let image: ContainerImage
    let log: Log

    private var tree: String { directory.file("root") }
    private var state: String { directory.file("fakeroot") }

    /// Builds the image out of a fetched file, and answers its path.
    func run(_ file: RootFile) throws -> String {
        guard image.fileSystem == .ext4 else {
            throw failure("xfs images are not built here", remedy: "set FILESYSTEM to ext4")
        }
        let counts = try unpack(file)
        unlink(file.path)
        let needed = Self.neededSize(kibibytes: counts.kibibytes, files: counts.files)
        guard needed <= image.size else { throw tooSmall(needed) }
        let raw = directory.file("image.raw")
        try makeFileSystem(raw, files: counts.files, needed: needed)
        try setAttributes(file.attributes, in: raw)
        guard image.format == .qcow2 else { return raw }
        log.info("converting the image to qcow2")
        let converted = directory.file("image.qcow2")
        try QemuImage.convert(raw, from: "raw", to: converted, in: "qcow2")
        unlink(raw)
        return converted
    }

    private func unpack(_ file: RootFile) throws -> (kibibytes: UInt64, files: UInt64) {
        guard mkdir(tree, 0o755) == 0 else { throw DriverError("build", quoted(image.url), SystemError("mkdir", tree)) }
        log.info("unpacking \(quoted(image.url))")
        let script = file.isSquashfs ? Self.unpackSquashfs : Self.unpackArchive
        let result = try fakeroot(["-s", state], ["sh", "-c", script, "sh", file.path, tree])
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n").compactMap {
            UInt64($0.filter { $0 != " " })
        }
        guard result.status.isSuccess, lines.count == 2 else {
            throw failure(
                "it cannot be unpacked: \(result.reason)", remedy: "check the image and the free space of STAGING_DIR")
        }
        return (lines[0], lines[1])
    }

    private func makeFileSystem(_ path: String, files: UInt64, needed: UInt64) throws {
        log.info("making an ext4 image of \(image.size) MB")
        do {
            let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
            try file.truncate(to: Int64(image.size) << 20)
        } catch {
            throw DriverError("build", quoted(image.url), error)
        }
        var options = ["-q", "-F", "-t", "ext4", "-d", tree]
        if let inodes = Self.inodes(files: files, size: image.size) { options += ["-N", String(inodes)] }
        let result = try fakeroot(["-i", state], ["mke2fs"] + options + ["--", path])
        guard result.status.isSuccess else {
            let isFull = ["Could not allocate", "No space left", "no free space"].contains {
                result.errors.contains($0)
            }
            if isFull { throw tooSmall(max(needed, image.size + image.size / 8 + 8)) }
            throw failure("mke2fs has failed: \(result.reason)", remedy: "run it by hand to see more")
        }
    }

    /// Writes extended attributes into the finished image: debugfs(8). fakeroot loses the kind of a file that gets one.
    private func setAttributes(_ attributes: [TarScanner.ExtendedAttribute], in path: String) throws {
        guard !attributes.isEmpty else { return }
        var commands = ""
        for (number, attribute) in attributes.enumerated() {
            guard !(attribute.path + attribute.name).contains(where: \.isNewline) else {
                throw failure(
                    "a file with an extended attribute has a line break in its name", remedy: "use another image")
            }
            let value = directory.file("attribute-\(number)")
            try write(attribute.value, to: value)
            commands += "ea_set -f \(value) \(argument("/" + attribute.path)) \(argument(attribute.name))\n"
        }
        let script = directory.file("attributes")
        try write(Array(commands.utf8), to: script)
        let result = try running("debugfs", package: "e2fsprogs", ["debugfs", "-w", "-f", script, path])
        // Its exit status tells nothing.
        let problems = result.errors.split(separator: "\n").filter { !$0.hasPrefix("debugfs ") }
        guard result.status.isSuccess, problems.isEmpty else {
            throw failure(
                "debugfs has failed: \(problems.first.map(String.init) ?? result.reason)", remedy: "use another image")
        }
    }

    /// As debugfs reads it: between quotation marks, of which two stand for one.
    private func argument(_ text: String) -> String {
        "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        do {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
            try bytes.withUnsafeBytes { try file.writeAll($0) }
        } catch let error as SystemError {
            throw DriverError("build", quoted(image.url), error)
        }
    }

    /// How many inodes to ask for, where mke2fs would make fewer than the files need.
    private static func inodes(files: UInt64, size: UInt64) -> UInt64? {
        let wanted = files + files / 4 + 1024
        return wanted > size * 64 ? wanted : nil
    }

    /// MB that an ext4 file system takes that holds so much: blocks, inodes, the journal, and tables.
    static func neededSize(kibibytes: UInt64, files: UInt64) -> UInt64 {
        let content = kibibytes / 1024 + 1
        let inodes = (files + files / 4 + 1024) / 4096 + 1
        var size = content + inodes
        // The journal grows with the file system, and mke2fs keeps one twentieth for root, which it may fill itself.
        let journal: UInt64 = size < 120 ? 4 : size < 900 ? 16 : size < 1900 ? 32 : size < 14000 ? 64 : 128
        size += journal + size / 32 + 4
        return size
    }

    private func tooSmall(_ needed: UInt64) -> DriverError {
        failure(
            "\(image.size) MB are too little for it: \(needed) MB are needed",
            remedy: "raise IMAGE_SIZE_MB to that or more")
    }

    private func failure(_ cause: String, remedy: String) -> DriverError {
        DriverError("build", "an image of \(quoted(image.url))", cause: cause, remedy: remedy)
    }

    private func fakeroot(_ options: [String], _ arguments: [String]) throws -> Command.Result {
        try running("fakeroot", package: "fakeroot", ["fakeroot"] + options + ["--"] + arguments)
    }

    private func running(_ program: String, package: String, _ arguments: [String]) throws -> Command.Result {
        let environment = [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TMPDIR=\(directory.path)",
        ]
        do {
            // The program is looked for in this process's own PATH, which may have no sbin.
            return try Command(["env"] + environment + arguments).run(timeout: Self.timeout)
        } catch let error as SystemError {
            throw DriverError("run", program, error, remedy: "install the package \(package)")
        } catch let error as Command.Failure {
            throw failure("\(error)", remedy: "check the disk of STAGING_DIR")
        }
    }
}
