import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// The place in which an image is built: a work directory, and the programs that run there.
struct BuildSite {
    /// The exit status of sh(1) and env(1) if a program is missing.
    private static let programMissing = ExitStatus.exited(127)

    /// What programs say of a disk that is full, or of a user's share of it: the C library, apt, dnf, rpm, zypper.
    private static let fullDiskMarks = [
        "no space left on device", "disk quota exceeded", "enough free space", "more space needed", "enough disk space",
        "more space on the",
    ]
    /// Bytes of a disk that is full, which programs have cleaned up after they had failed.
    private static let leastRoom: UInt64 = 4 << 20

    /// The packages of programs that the scripts run besides their main one.
    private static let packages = [
        "tar": "tar", "find": "findutils", "du": "coreutils", "cut": "coreutils", "wc": "coreutils",
        "stat": "coreutils", "newuidmap": "uidmap (shadow-utils)", "newgidmap": "uidmap (shadow-utils)",
        "unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux",
    ]

    /// Where programs are looked for: this process's PATH may have no sbin.
    static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    let directory: WorkDirectory
    let image: ContainerImage
    let log: Log
    /// What knows the owners of the container's files; nil for fakeroot(1).
    var namespace: UserNamespace?
    /// Seconds that a program may run.
    var timeout: Double = 7200

    /// Returns the path of a file in the work directory.
    func file(_ name: String) -> String { directory.file(name) }

    /// Runs a program to its end. Throws if it cannot be started. The caller checks its exit status.
    ///
    /// - Parameter secrets: variables of its environment, which only its own user can read.
    func run(
        _ arguments: [String], package: String, outputLimit: Int = 1 << 20, secrets: [String] = []
    ) throws -> Command.Result {
        // fakeroot divides paths at blanks, so it gets names relative to the work directory.
        let environment = [
            "--chdir=\(directory.path)", "PATH=\(Self.searchPath)", "LC_ALL=C", directory.mark,
        ]
        do {
            // fakeroot ends when its daemon has ended.
            let own = secrets.isEmpty ? nil : CurrentProcess.environment + secrets
            let result = try Command(["env"] + environment + arguments, environment: own)
                .run(outputLimit: outputLimit, timeout: timeout, reapsOrphans: true)
            let missing = Self.missingProgram(result.errors)
            guard missing == nil, result.status != Self.programMissing else {
                let package = missing.flatMap { Self.packages[$0] } ?? package
                throw failure("a program is missing: \(result.reason)", remedy: "install the package \(package)")
            }
            return result
        } catch let error as SystemError {
            throw DriverError("run", arguments[0], error, remedy: "install the package \(package)")
        } catch let error as Command.Failure {
            throw failure(
                "\(error)", remedy: "check the load of this machine and the disk of STAGING_DIR", underlying: error)
        }
    }

    /// Returns the program that sh(1) has not found, according to its standard error: in a pipe the exit status does
    /// not tell.
    static func missingProgram(_ errors: String) -> String? {
        for line in errors.split(separator: "\n") where line.hasPrefix("sh: ") {
            let parts = line.split(separator: ": ")
            if ["not found", "command not found"].contains(parts.last) { return String(parts[parts.count - 2]) }
        }
        return nil
    }

    /// Runs a program as root of the container's world: in the namespace, or under fakeroot(1), which keeps owners,
    /// modes and devices in a file of the work directory.
    ///
    /// - Parameter changes: whether the program makes or changes files. If not, nothing of it is kept.
    ///   `outputLimit` and `secrets` are those of ``run(_:package:outputLimit:secrets:)``.
    func runAsRoot(
        _ arguments: [String], changes: Bool, package: String? = nil, outputLimit: Int = 1 << 20, secrets: [String] = []
    ) throws -> Command.Result {
        if let namespace {
            return try run(
                namespace.command(arguments), package: package ?? "util-linux", outputLimit: outputLimit,
                secrets: secrets)
        }
        let memory = "fakeroot"
        let options = (access(file(memory), F_OK) == 0 ? ["-i", memory] : []) + (changes ? ["-s", memory] : [])
        // In a namespace with one user the kernel refuses all others in a way that fakeroot would pass on.
        return try run(
            ["env", "FAKEROOTDONTTRYCHOWN=1", "fakeroot"] + options + ["--"] + arguments,
            package: package ?? "fakeroot", outputLimit: outputLimit, secrets: secrets)
    }

    /// Writes a new file in the work directory. Returns its path.
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = file(name)
        do {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
            try bytes.withUnsafeBytes { try file.writeAll($0) }
        } catch let error as SystemError {
            throw DriverError("build", quoted(image.url), error)
        }
        return path
    }

    /// Makes a new file that is one hole of the image's size. Returns its path.
    func makeImage(_ name: String) throws -> String {
        let path = file(name)
        do {
            let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
            try file.truncate(to: Int64(image.size) << 20)
        } catch {
            throw DriverError("build", quoted(image.url), error)
        }
        return path
    }

    /// Throws unless there is room for as many bytes as a file has.
    func checkRoom(asFor file: String) throws {
        do {
            let size = try FileStatus(path: file, followLinks: false).size
            try LocalDirectory(path: staging, log: log).checkRoom(for: UInt64(clamping: size))
        } catch let error as SystemError {
            throw DriverError("build", quoted(image.url), error)
        }
    }

    private var staging: String {
        String(directory.path[..<(directory.path.lastIndex(of: "/") ?? directory.path.startIndex)])
    }

    /// Returns the error for a disk that is full, if what a program has `said` tells that it was, else nil.
    ///
    /// - Parameter isMeasured: whether it is taken for full, too, if nearly nothing is free: what the program said may
    ///   be on it.
    func fullDisk(_ said: String, isMeasured: Bool = false) -> DriverError? {
        let space = try? FileSystemSpace(of: directory.path)
        let free = space.flatMap { $0.isKnown ? $0.available : nil }
        let isFull = isMeasured && (free ?? .max) < Self.leastRoom
        guard isFull || Self.fullDiskMarks.contains(where: { said.lowercased().contains($0) }) else { return nil }
        return DriverError(
            "build", "an image of \(quoted(image.url))",
            cause: "\(quoted(staging)) has too little room for its files"
                + (free.map { ", \($0 >> 20) MB are free" } ?? "") + (said.isEmpty ? "" : ": " + said),
            remedy: "make room there, or set STAGING_DIR to a directory with more")
    }

    func failure(_ cause: String, remedy: String, underlying: (any Error)? = nil) -> DriverError {
        if let full = fullDisk(cause) { return full }
        return DriverError(
            "build", "an image of \(quoted(image.url))", cause: cause, remedy: remedy, underlying: underlying)
    }

    /// - Parameter needed: MB.
    func tooSmall(_ needed: UInt64) -> DriverError {
        failure(
            "\(image.size) MB are too little for it: \(needed) MB are needed",
            remedy: "raise IMAGE_SIZE_MB to that or more")
    }
}
