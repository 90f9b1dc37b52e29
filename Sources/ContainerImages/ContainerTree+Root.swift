import DriverProtocol
import Glibc
import Posix

extension ContainerTree {
    private static let lockScript = """
        umask 077
        sed 's/^root:[^:]*:/root:*:/' -- "$1" >"$2" && cat -- "$2" >"$1"
        """

    /// Takes away the password of root, if it has one: whoever makes the image is to set none for those who run it.
    func lockRoot() throws {
        guard let place = resolved("etc/shadow"), status("etc/shadow")?.isRegularFile == true else { return }
        let file = joined(path, place)
        let copy = site.file("shadow")
        defer { unlink(copy) }
        // The owner is this process's, which fakeroot(1) does not see, nor the mode.
        var result = site.namespace == nil ? try site.run(["chmod", "u+rw", "--", file], package: "coreutils") : nil
        if result?.status.isSuccess ?? true {
            result = try site.runAsRoot(["sh", "-c", Self.lockScript, "sh", file, copy], changes: true)
        }
        guard let result, result.status.isSuccess else {
            throw site.failure(
                "the password of its root cannot be removed: \(result?.reason ?? "")",
                remedy: "check the disk of STAGING_DIR")
        }
    }
}
