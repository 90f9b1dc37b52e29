import Glibc
import Posix

/// The settings in `remotes/etc/market/market-drivers.conf`: `NAME="value"` lines, read and never executed.
package struct Settings: Sendable, Equatable {
    /// The names of all settings.
    package static let names = contextNames + ["CEPH_TIMEOUT", "SSH_CONFIG", "SSH_CONNECT_TIMEOUT", "STAGING_DIR"]

    /// The names of the settings that have the names and the meaning of a marketplace's attributes.
    private static let contextNames = [
        "BUILD_MODE", "CONTEXT", "CONTEXT_EXTRA_PACKAGES", "CONTEXT_PACKAGES", "CONTEXT_SHA256", "CONTEXT_URL",
        "CONTEXT_VERSION", "PACKAGE_MIRROR",
    ]

    /// A file of ssh_config(5) in place of the user's own: `ssh -F`.
    package var sshConfiguration: String?
    /// The seconds that a bridge host may take to answer.
    package var sshConnectTimeout = 10
    /// The directory in which a bridge host's image is put together before it is sent, in place of `/var/tmp`.
    package var stagingDirectory = "/var/tmp"

    /// The seconds that a Ceph cluster may take to answer.
    package var cephTimeout = 120

    /// What containers get if their marketplace does not say it, by the attributes' names.
    package var context: [String: String] = [:]

    package init() {}

    /// Reads the settings of an installation. Throws as ``init(file:)`` does.
    package init(of installation: Installation) throws(DriverError) {
        try self.init(file: installation.remotes + "/etc/market/market-drivers.conf")
    }

    /// Reads the file's settings. A missing file leaves all at their defaults. Throws a ``DriverError`` if the file
    /// cannot be read, or has an unknown name or a bad value.
    package init(file path: String) throws(DriverError) {
        let text: String
        do {
            let file = try FileDescriptor.open(path, O_RDONLY)
            text = String(decoding: try file.readToEnd(limit: 1 << 20) ?? [], as: UTF8.self)
        } catch {
            if error.code == ENOENT { return }
            throw DriverError("read", path, error, remedy: "make it readable for the user that runs oned")
        }
        do {
            try apply(Template(parsing: text))
        } catch let error as Template.SyntaxError {
            throw DriverError("read", path, cause: error, remedy: "write one NAME=\"value\" a line")
        } catch let problem as Problem {
            throw DriverError(
                "read", path, cause: problem.cause, remedy: problem.remedy)
        } catch {
            throw DriverError("read", path, cause: error, remedy: "correct the file")
        }
    }

    private struct Problem: Error {
        let cause: String
        var remedy = "correct it"
    }

    private mutating func apply(_ template: Template) throws {
        for attribute in template.attributes {
            guard case .text(let value) = attribute.value else {
                throw Problem(cause: "\(attribute.name) is a list")
            }
            switch attribute.name {
            case "SSH_CONFIG": sshConfiguration = value.isEmpty ? nil : value
            case "STAGING_DIR":
                guard value.isEmpty || isAbsolute(value) else {
                    throw Problem(cause: "STAGING_DIR=\(value) is no absolute path", remedy: "begin it with /")
                }
                stagingDirectory = value.isEmpty ? stagingDirectory : value
            case "SSH_CONNECT_TIMEOUT":
                sshConnectTimeout = try Self.seconds(value, of: attribute.name)
            case "CEPH_TIMEOUT": cephTimeout = try Self.seconds(value, of: attribute.name)
            case let name where Self.contextNames.contains(name): context[name] = value
            default:
                throw Problem(
                    cause: "\(attribute.name) is not a setting",
                    remedy: "known are \(Self.names.joined(separator: ", "))")
            }
        }
    }

    private static func seconds(_ text: String, of name: String) throws(Problem) -> Int {
        guard let seconds = Int(text), seconds > 0, seconds <= 3600 else {
            throw Problem(cause: "\(name)=\(text) is not a number of seconds from 1 to 3600")
        }
        return seconds
    }
}
