import DriverProtocol
import Glibc
import Posix

/// An action that never finishes by itself, for a test that ends its driver manager.
enum IdleAction: Action {
    static let name = "market/idle/monitor"
    static let purpose = "waits to be ended"
    static let inputs: [Input] = []

    static func run(_ request: Request) throws -> Reply {
        request.log.info("waits as process \(getpid())")
        try sleep(until: Clock.now + 120)
        return Reply()
    }
}

IdleAction.main(CommandLine.arguments.dropFirst())
