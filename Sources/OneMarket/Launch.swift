import DriverProtocol
import Posix

/// The start of one program: its arguments, standard input and environment.
struct Launch {
    /// The longest argument that Linux accepts, in bytes: MAX_ARG_STRLEN without its terminating zero.
    static let longestArgument = 128 << 10 - 1

    let name: String
    let arguments: [String]
    let input: [UInt8]
    let environment: [String]

    /// Starts a market action with `message`, base64: on standard input, or as an argument if the driver does not read
    /// that.
    init(market driver: Driver, id: Int, message: [UInt8], environment: [String]) throws(DriverError) {
        name = driver.name
        self.environment = environment
        guard !driver.readsStandardInput else {
            arguments = driver.command + [String(id)]
            input = message
            return
        }
        guard message.count <= Self.longestArgument else {
            throw DriverError(
                "run", driver.name,
                cause: "its message has \(message.count) bytes, and an argument can have \(Self.longestArgument)"
                    + " (MAX_ARG_STRLEN)",
                remedy: "let the driver read standard input, and say so in its second line: \(Driver.marker)")
        }
        arguments = driver.command + [String(decoding: message, as: UTF8.self), String(id)]
        input = []
    }

    /// Starts a datastore action with `message`, base64, which is always read from standard input.
    init(datastore driver: Driver, id: Int, message: [UInt8], environment: [String]) {
        name = driver.name
        arguments = driver.command + [String(id)]
        input = message
        self.environment = environment
    }

    /// Runs the command that removes the temporary image of an export.
    init?(disposeCommand: String, environment: [String]) {
        arguments = Command.words(of: disposeCommand)
        guard !arguments.isEmpty else { return nil }
        name = "DISPOSE_CMD"
        input = []
        self.environment = environment
    }
}
