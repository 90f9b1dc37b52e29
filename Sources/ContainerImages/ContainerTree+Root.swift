import DriverProtocol
import Glibc
import Posix

extension ContainerTree {
    private static let lockScript = """
        umask 077
        sed 's/^root:[^:]*:/root:*:/' -- "$1" >"$2" && cat -- "$2" >"$1"
        """

    /// Takes away the password of root, if it has one: whoever makes the image is to set none for those who run it.
    /// In a namespace the image's own shell does that.
    func lockRoot() throws {
        guard let place = resolved("etc/shadow") else { return }
        let file = joined(path, place)
        do {
            guard try FileStatus(path: file, followLinks: false).isRegularFile else { return }
        } catch  where [ENOENT, ENOTDIR].contains(error.code) {
            return
        } catch {
            throw unlocked("\(error)")
        }
        let copy = site.file("shadow")
        defer { unlink(copy) }
        // The owner is this process's, which fakeroot(1) does not see, nor the mode.
        var result = try site.run(["chmod", "u+rw", "--", file], package: "coreutils")
        if result.status.isSuccess {
            result = try site.runAsRoot(["sh", "-c", Self.lockScript, "sh", file, copy], changes: true)
        }
        guard result.status.isSuccess else { throw unlocked(result.reason) }
    }

    private func unlocked(_ reason: String) -> DriverError {
        site.failure(
            "the password of its root cannot be removed: \(reason)", remedy: "check the disk of STAGING_DIR")
    }
}
