import Glibc
import Posix

/// The actions that one executable has. A launcher names its action as the first argument.
package struct ActionTable {
    private static let program = "market-drivers"

    private let actions: [any Program.Type]

    package init(_ actions: [any Program.Type]) {
        self.actions = actions
    }

    /// Runs the action that the first argument names with the arguments behind it.
    package func main() -> Never {
        let arguments = CommandLine.arguments.dropFirst()
        if let action = actions.first(where: { $0.name == arguments.first }) { action.main(arguments.dropFirst()) }
        _ = CurrentProcess.beginProgram()
        if arguments.first == "--help" || arguments.first == "-h" {
            print(usage, terminator: "")
            exit(0)
        }
        let cause = arguments.first.map { "it has no action \(quoted($0))" } ?? "no action was named"
        let error = DriverError("run", Self.program, cause: cause, remedy: "name one of those that --help lists")
        try? FileDescriptor.standardError.writeAll(Array("\(error)\n".utf8))
        exit(1)
    }

    private var usage: String {
        let list = actions.map { "  \($0.name): \($0.purpose)\n" }.sorted().joined()
        return """
            \(Self.program): the actions of OpenNebula's marketplaces and datastores

            usage: \(Self.program) ACTION [ID] < MESSAGE
                   \(Self.program) ACTION --help

            The launchers under remotes/ run it. ACTION is one of:
            \(list)
            """
    }
}
