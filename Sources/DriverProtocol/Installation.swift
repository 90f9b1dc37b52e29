import Glibc
import Posix

/// The directories of this OpenNebula.
package struct Installation: Sendable, Equatable {
    /// The driver tree: `/var/lib/one/remotes`.
    package let remotes: String
    /// State that drivers keep: `/var/lib/one`.
    package let state: String
    /// The part of it that these drivers keep.
    package var driverState: String { state + "/market-drivers" }
    /// The administrator's configuration: `/etc/one`.
    package let configuration: String
    /// The logs of oned and its drivers: `/var/log/one`.
    package let logs: String

    /// A self-contained installation below `location`, or the system's own paths if it is nil.
    package init(location: String?) {
        if let location {
            state = location + "/var"
            configuration = location + "/etc"
            logs = state
        } else {
            state = "/var/lib/one"
            configuration = "/etc/one"
            logs = "/var/log/one"
        }
        remotes = state + "/remotes"
    }

    /// Returns the installation that this process belongs to: ONE_LOCATION, else the one that holds its executable
    /// (`LOCATION/lib/market-drivers/NAME`), else the system's.
    package static func current() -> Installation {
        if let location = CurrentProcess.environmentVariable("ONE_LOCATION") { return Installation(location: location) }
        if let executable = try? resolvedPath("/proc/self/exe") {
            let parts = executable.split(separator: "/").dropLast(3)
            let location = "/" + parts.joined(separator: "/")
            var status = stat()
            if executable.hasPrefix(location + "/lib/market-drivers/"), stat(location + "/var/remotes", &status) == 0 {
                return Installation(location: location)
            }
        }
        return Installation(location: nil)
    }

    /// The release of OpenNebula, `7.0.0`, from `remotes/VERSION`, or nil if there is no such file.
    package var version: String? { firstWord(of: "VERSION") }

    /// The edition of OpenNebula, `CE` or `EE`, from `remotes/EDITION`, or nil if there is no such file.
    package var edition: String? { firstWord(of: "EDITION") }

    private func firstWord(of name: String) -> String? {
        guard let file = try? FileDescriptor.open(remotes + "/" + name, O_RDONLY),
            let bytes = try? file.readToEnd(limit: 4096)
        else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
        return text.map(String.init)
    }
}
