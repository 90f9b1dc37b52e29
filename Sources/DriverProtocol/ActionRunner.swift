import Bytes
import Glibc
import Posix

extension Action {
    /// Runs the action as a program: the message from `arguments` or standard input, the reply to standard output, log
    /// lines and the error to standard error, exit status 0 or 1.
    package static func main(_ arguments: ArraySlice<String>) -> Never {
        let closed = CurrentProcess.beginProgram()
        if let manager = CurrentProcess.environmentVariable(ActionRunner.managerVariable).flatMap({ pid_t($0) }) {
            CurrentProcess.endWithParent(manager)
        }
        // A reply that goes nowhere is a failure, not a success that nobody hears of.
        let output = closed.contains(1) ? FileDescriptor(-1, name: "", owned: false) : .standardOutput
        let streams = ActionRunner.Streams(input: .standardInput, output: output, errors: .standardError)
        exit(ActionRunner.run(Self.self, arguments: Array(arguments), streams: streams))
    }
}

extension CurrentProcess {
    /// Does what every program does first. Returns the numbers of the standard streams that were closed.
    package static func beginProgram() -> [Int32] {
        // Comes first: what is opened later must not take a standard stream's number.
        let closed = openStandardStreams()
        Interrupt.install()
        resetInheritedSignals()
        ProxyVariables.adopt()
        return closed
    }
}

/// The only place that touches an action's arguments, standard streams and exit status.
package enum ActionRunner {
    /// The environment variable with the driver manager's process id. An action that the manager has started ends when
    /// the manager dies, by whatever signal.
    package static let managerVariable = "MARKET_DRIVERS_MAD_PID"
    /// The environment variable that is `import` if the `import` that follows a datastore's `export` computes the MD5 from
    /// the bytes that it reads anyway.
    package static let checksumVariable = "MARKET_DRIVERS_MD5"

    package struct Streams: Sendable {
        package let input: FileDescriptor
        package let output: FileDescriptor
        package let errors: FileDescriptor

        package init(input: FileDescriptor, output: FileDescriptor, errors: FileDescriptor) {
            self.input = input
            self.output = output
            self.errors = errors
        }
    }

    /// Runs `action` and returns its exit status.
    package static func run(_ action: any Action.Type, arguments: [String], streams: Streams) -> Int32 {
        do {
            if let text = arguments.lazy.compactMap({ ActionManual(action).text(for: $0) }).first {
                try deliver(Reply(text), to: streams.output)
                return 0
            }
            var arguments = arguments
            let target = try takeTarget(action, from: &arguments)
            let (message, id) = try readMessage(action, arguments: arguments, input: streams.input)
            let log = Log(action: action.name, id: String(id), object: ObjectName(message)) { line in
                try? write(line, to: streams.errors)
            }
            let reply = Result { try work(action, on: message, id: id, target: target, log: log) }
            // Before the reply: until then, the work can be taken back.
            action.cleanUp(after: message, log: log)
            try deliver(try reply.get(), to: streams.output)
            return 0
        } catch {
            try? write(describe(error, in: action.name) + "\n", to: streams.errors)
            return 1
        }
    }

    private static func work(
        _ action: any Action.Type, on message: Message, id: Int, target: String?, log: Log
    ) throws -> Reply {
        let datastoreInputs = target == nil ? action.datastoreInputs.filter(\.isRequired) : []
        for input in action.requiredInputs(for: message) + datastoreInputs { _ = try message.required(input) }
        var message = message
        assert(message.allow(action.inputs + action.datastoreInputs + action.sourceInputs))
        let installation = Installation.current()
        let settings = try Settings(of: installation)
        return try action.run(
            Request(
                message: message, id: id, log: log, installation: installation, settings: settings, target: target))
    }

    /// Removes `--to PATH` from the arguments. Returns the path, or nil if there is none.
    private static func takeTarget(
        _ action: any Action.Type, from arguments: inout [String]
    ) throws(DriverError) -> String? {
        guard let index = arguments.firstIndex(where: { $0 == "--to" || $0.hasPrefix("--to=") }) else { return nil }
        let isJoined = arguments[index] != "--to"
        let value = isJoined ? String(arguments[index].dropFirst("--to=".count)) : arguments.dropFirst(index + 1).first
        guard !action.datastoreInputs.isEmpty, let value, !value.isEmpty else {
            throw DriverError(
                "run", action.name, cause: action.datastoreInputs.isEmpty ? "it knows no --to" : "--to names no file",
                remedy: "see --help")
        }
        arguments.removeSubrange(index...(isJoined ? index : index + 1))
        return value
    }

    /// Throws if an argument in a message's place is an option or the name of a file.
    private static func checkMessage(_ argument: String, of action: any Action.Type) throws(DriverError) {
        if argument.hasPrefix("-") {
            throw DriverError(
                "run", action.name, cause: "it has no option \(quoted(oneLine(argument, limit: 40)))",
                remedy: "see --help")
        }
        guard !argument.hasPrefix("<"), (try? FileStatus(path: argument)) != nil else { return }
        throw DriverError(
            "run", action.name, cause: "\(quoted(argument)) is the name of a file, and no message",
            remedy: "pass the file on standard input: \(action.name) < FILE")
    }

    /// Returns the message and the object's id. The message is the first argument that is not a number, else standard
    /// input. The id is the argument that is a number, else the one in the message.
    private static func readMessage(
        _ action: any Action.Type, arguments: [String], input: FileDescriptor
    ) throws -> (Message, Int) {
        let isID = { (argument: String) in !argument.isEmpty && argument.utf8.allSatisfy(isDigit) }
        let text: [UInt8]
        if let argument = arguments.first(where: { !isID($0) }) {
            try checkMessage(argument, of: action)
            text = Array(argument.utf8)
        } else if isatty(input.number) == 1 {
            throw DriverError(
                "run", action.name, cause: "no driver message was given",
                remedy: "give it on standard input, as in: \(action.name) < message; --help tells more")
        } else if let read = try input.readToEndWaiting(limit: Message.maximumTextSize) {
            text = read
        } else {
            throw DriverError(
                "read", "the driver message", cause: "it is longer than \(Message.maximumTextSize >> 20) MiB",
                remedy: "pass the message that oned wrote")
        }
        let message = try Message(text: text, for: action.name)
        let stated = ["MARKETPLACEAPP/ID", "MARKETPLACE/ID", "IMAGE/ID"].lazy.compactMap { message.text(at: $0) }.first
        guard let id = arguments.first(where: isID) ?? stated else { return (message, 0) }
        guard let number = Int(id) else {
            throw DriverError(
                "run", action.name, cause: "\(quoted(oneLine(id, limit: 40))) is no id of oned's",
                remedy: "pass the id of the app, the marketplace or the image")
        }
        return (message, number)
    }

    /// Prints the reply. If that fails, or a signal has come meanwhile, takes the work back and throws.
    private static func deliver(_ reply: Reply, to output: FileDescriptor) throws {
        do {
            try Interrupt.check()
            try reply.bytes.withUnsafeBytes { try output.writeAll($0) }
            try reply.confirm()
        } catch {
            Interrupt.holding(reply.undo)
            guard let failure = error as? SystemError else { throw error }
            throw DriverError(
                "print", "the result on standard output", failure,
                remedy: "nothing was kept: let standard output lead to a reader, and run it again")
        }
    }

    private static func write(_ text: String, to descriptor: FileDescriptor) throws {
        LiveLine.clear()
        var text = text
        try text.withUTF8 { try descriptor.writeAll(UnsafeRawBufferPointer($0)) }
    }

    /// Returns the one line for the user about an error in the program `name`.
    package static func describe(_ error: any Error, in name: String) -> String {
        switch error {
        case let error as DriverError:
            error.description
        case let interrupted as Interrupted:
            DriverError(
                "finish", name, cause: interrupted,
                remedy: "nothing was kept but what a warning in the log names; run it again"
            ).description
        default:
            DriverError("finish", name, cause: error, remedy: "see the log of oned for what preceded it")
                .description
        }
    }
}

extension DriverError {
    /// The error of a system call that failed while `operation` was done to `object`.
    package init(_ operation: String, _ object: String, _ error: SystemError, remedy: String? = nil) {
        self.init(
            operation, object, cause: error.cause, remedy: remedy ?? Self.remedy(for: error.code, object),
            underlying: error)
    }

    private static func remedy(for code: Int32, _ object: String) -> String {
        switch code {
        case ENOENT: "check that it exists"
        case EACCES, EPERM: "let the user that runs oned (oneadmin) use it"
        case ENOSPC, EDQUOT: "free some space there"
        case EFBIG: "raise the limit of the length of files (ulimit -f), or use a file system that takes longer ones"
        case EROFS: "mount its file system for writing"
        case ENOTDIR, EISDIR: "check the path"
        case EIO: "look at the kernel's log for faults of the disk"
        case ENOSYS, EOPNOTSUPP: "use a file system that can do that"
        case EMFILE, ENFILE: "raise the limit of open files"
        default: "check it, and look at the kernel's log"
        }
    }
}
