import Glibc
import Posix

/// A script of OpenNebula that one of ours has replaced: `install.sh` keeps it beside ours, as `NAME.stock`. It does
/// what ours does not support.
package struct StockScript: Sendable {
    /// The end of its file name.
    package static let suffix = ".stock"

    /// The environment variable with the name of the script that has handed over.
    private static let variable = "MARKET_DRIVERS_STOCK"

    private let name: String
    private let path: String

    /// - Parameter name: the path under `remotes/` of the replacement: `datastore/fs/cp`.
    package init(_ name: String, _ installation: Installation) {
        self.name = name
        path = installation.remotes + "/" + name + Self.suffix
    }

    /// Becomes the script, with the message on standard input and the object's id as its argument, as its driver
    /// manager would have run it. Returns only by throwing.
    package func takeOver(_ request: Request) throws(DriverError) -> Never {
        try become(["\(request.id)"], input: Base64.encode(request.message.document))
    }

    /// Becomes the script with the same arguments, environment and standard streams as this process.
    package func takeOver(arguments: [String]) throws(DriverError) -> Never {
        try become(arguments, input: nil)
    }

    private func become(_ arguments: [String], input: [UInt8]?) throws(DriverError) -> Never {
        guard CurrentProcess.environmentVariable(Self.variable) != name else {
            throw DriverError(
                "run", path, cause: "it is our own driver, not OpenNebula's",
                remedy: "put OpenNebula's own script there")
        }
        setenv(Self.variable, name, 1)
        do {
            try CurrentProcess.become([path] + arguments, input: input)
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
