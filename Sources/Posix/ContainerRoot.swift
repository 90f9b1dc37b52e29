import CPosix
import Glibc

/// A program in a directory that becomes its root directory, in namespaces of its own. A process of this executable's
/// own sets that up, after nsenter(1) has made it the first user of a user namespace.
package enum ContainerRoot {
    /// The first argument of such a process.
    private static let mark = "container-root"
    /// Exit statuses of one that could not run the program, as of env(1).
    package static let failures: ClosedRange<Int32> = 125...126
    /// What package managers and their scripts look at. Nothing is started, nobody is asked.
    private static let variables = [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", "TERM=dumb",
        "DEBIAN_FRONTEND=noninteractive", "DEBCONF_NONINTERACTIVE_SEEN=true", "SYSTEMD_OFFLINE=1",
        "APT_LISTCHANGES_FRONTEND=none", "NEEDRESTART_SUSPEND=1",
    ]
    /// Kept of this process's environment.
    private static let proxies = ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"]

    /// Returns the command that runs a program of the container whose root directory is the current one. Throws if
    /// this executable cannot be found.
    package static func command(_ arguments: [String]) throws(SystemError) -> [String] {
        [try resolvedPath("/proc/self/exe"), mark] + arguments
    }

    /// Runs the program if the arguments of this process are those of ``command(_:)``, and returns its exit status;
    /// else returns nil. No other thread may run yet.
    package static func run(_ arguments: [String]) -> Int32? {
        guard arguments.count > 2, arguments[1] == mark else { return nil }
        let kept = CurrentProcess.environment.filter { variable in
            proxies.contains(String(variable.prefix { $0 != "=" }).lowercased())
        }
        var words = arguments.dropFirst(2).map { strdup($0) } + [nil]
        var environment = (variables + kept).map { strdup($0) } + [nil]
        return cposix_run_in_container(&words, &environment)
    }
}
