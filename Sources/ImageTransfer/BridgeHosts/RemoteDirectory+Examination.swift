import DriverProtocol
import Posix

extension RemoteDirectory {
    /// What a host has that can be used.
    package struct Examination: Sendable {
        /// The user that ssh logs in, or nil if the host does not tell.
        package let user: String?
        /// The room of the directory.
        package let space: FileSystemSpace
        /// The programs that it lacks, and that images can be stored without.
        package let lacking: [String]
    }

    package init(path: String, on hosts: BridgeHosts, log: Log) {
        self.init(path: path, hosts: hosts, log: log)
    }

    /// The names of its hosts.
    package var host: String { hosts.names }

    /// Looks at a host: whether it can be reached, and has the programs that write an image, and the directory, and
    /// whether the user may write to it. Throws a ``DriverError`` that says what is missing.
    package func examine() throws -> Examination {
        try running("use", "the directory \(quoted(path))", RemoteScript.examine, [path]) { shell in
            let user = try shell.answer("user").first
            let missing = try shell.answer("missing")
            let lacking = missing.filter(RemoteScript.optionalPrograms.contains)
            let needed = missing.filter { !lacking.contains($0) }
            guard needed.isEmpty else {
                throw DriverError(
                    "use", "the host \(shell.host)", cause: "it lacks \(needed.joined(separator: ", "))",
                    remedy: "install the packages coreutils and findutils there")
            }
            return Examination(user: user, space: try Self.space(of: shell), lacking: lacking)
        }
    }
}
