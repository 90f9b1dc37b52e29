import Glibc

extension ContainerTree {
    /// Directories that only some users of the container may look into, and what is read of a container beside its
    /// list of users: `$2` gets the mode and the path of each.
    private static let openScript = """
        cd "$1" || exit
        find . \\( -type d ! -perm -o=rx -o -type f ! -perm -o=r \\( -path './etc/*' -o -path './usr/lib/*-release' \\) \\) \\
            -printf '%m\\0%p\\0' >"$2" || exit
        exec xargs -0 -r -n 200 -a "$2" sh -c 'while [ $# -gt 0 ]; do chmod o+rX -- "$2" || exit; shift 2; done' sh
        """
    private static let closeScript = """
        cd "$1" || exit
        exec xargs -0 -r -n 200 -a "$2" sh -c 'while [ $# -gt 0 ]; do chmod "$1" -- "$2" || exit; shift 2; done' sh
        """

    /// Runs `body` while this process can look at the files that say what the container is, whatever their modes. In a
    /// namespace they belong to others: a closed `/etc` would be taken for a missing one. Nobody else can enter the work
    /// directory.
    func opened<Result>(_ body: () throws -> Result) throws -> Result {
        guard site.namespace != nil, geteuid() != 0 else { return try body() }
        let list = site.file("closed")
        defer { unlink(list) }
        try change(Self.openScript, list)
        let result = try body()
        try change(Self.closeScript, list)
        return result
    }

    private func change(_ script: String, _ list: String) throws {
        let result = try site.runAsRoot(["sh", "-c", script, "sh", path, list], changes: true)
        guard result.status.isSuccess else {
            throw site.failure("its files cannot be read: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
    }
}
