import Glibc
import Posix

/// A script of OpenNebula that one of ours has replaced: `install.sh` keeps it beside ours, as `NAME.stock`. It does
/// what ours does not support.
package struct StockScript: Sendable {
    /// The end of its file name.
    package static let suffix = ".stock"

    private let path: String

    /// - Parameter name: the path under `remotes/` of the replacement: `datastore/fs/cp`.
    package init(_ name: String, _ installation: Installation) {
        path = installation.remotes + "/" + name + Self.suffix
    }

    /// Becomes the script, with the message on standard input and the object's id as its argument, as its driver
    /// manager would have run it. Returns only by throwing.
    package func takeOver(_ request: Request) throws(DriverError) -> Never {
        let message = Base64.encode(request.message.document)
        do {
            try CurrentProcess.become([path, "\(request.id)"], input: message)
        } catch {
            throw unavailable(error)
        }
    }

    /// Becomes the script with the same arguments, environment and standard streams as this process.
    package func takeOver(arguments: [String]) throws(DriverError) -> Never {
        do {
            try CurrentProcess.become([path] + arguments)
        } catch {
            throw unavailable(error)
        }
    }

    private func unavailable(_ error: SystemError) -> DriverError {
        DriverError(
            "run", path, error,
            remedy: "install OpenNebula's own driver, and ours over it: install.sh keeps the replaced script there")
    }
}
