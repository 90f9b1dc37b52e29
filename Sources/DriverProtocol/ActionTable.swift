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
        if let error = Self.unusableArgument(of: arguments.first ?? Self.program) { Self.fail(error) }
        if let action = actions.first(where: { $0.name == arguments.first }) { action.main(arguments.dropFirst()) }
        _ = CurrentProcess.beginProgram()
        if let text = text(for: arguments.first) {
            print(text, terminator: "")
            exit(0)
        }
        let cause = arguments.first.map { "it has no action \(quoted($0))" } ?? "no action was named"
        Self.fail(DriverError("run", Self.program, cause: cause, remedy: "name one of those that --help lists"))
    }

    private func text(for option: String?) -> String? {
        switch option {
        case "--help", "-h": usage
        case "--version": "\(Self.program) \(version)\n"
        default: nil
        }
    }

    private static func fail(_ error: DriverError) -> Never {
        try? FileDescriptor.standardError.writeAll(Array("\(error)\n".utf8))
        exit(1)
    }

    /// Returns an error if an argument is no text, or nil: what Swift would make of it is the name of another file.
    private static func unusableArgument(of action: String) -> DriverError? {
        let pointers = UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        let areTexts = pointers.allSatisfy { $0.map { String(validatingCString: $0) != nil } ?? true }
        return areTexts
            ? nil
            : DriverError(
                "run", action, cause: "an argument is not in UTF-8",
                remedy: "rename the file that it names, or make a link to it")
    }

    private var usage: String {
        let list = actions.map { "  \($0.name): \($0.purpose)\n" }.sorted().joined()
        return """
            \(Self.program): the actions of OpenNebula's marketplaces and datastores

            usage: \(Self.program) ACTION [ID] < MESSAGE
                   \(Self.program) ACTION --help | --example | --version
                   \(Self.program) --version

            The launchers under remotes/ run it. ACTION is one of:
            \(list)
            """
    }
}
