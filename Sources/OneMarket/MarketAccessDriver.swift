import DriverProtocol
import Glibc
import Posix

/// The process that oned starts for all marketplaces: `one_market`.
package enum MarketAccessDriver {
    /// The descriptors that one action needs.
    private static let descriptorsPerAction = 5
    /// The descriptors that are kept for the rest.
    private static let descriptorsKept = 32

    /// Runs the driver on this process's arguments and standard streams.
    package static func main() -> Never {
        // oned has closed standard error: the first file to be opened would get its number.
        let closed = CurrentProcess.openStandardStreams()
        Interrupt.install()
        CurrentProcess.resetInheritedSignals()
        var options = Options(arguments: Array(CommandLine.arguments.dropFirst()))
        if options.wantsHelp || options.wantsVersion {
            write(options.wantsHelp ? Options.usage : "one_market \(version)\n", to: .standardOutput)
            exit(0)
        }
        // With standard error closed nobody would read this: the driver works on, and oned's log gets it.
        if !options.problems.isEmpty, !closed.contains(STDERR_FILENO) {
            write("one_market: \(options.problems.joined(separator: "; ")); see --help\n", to: .standardError)
            exit(1)
        }
        options.threads = min(options.threads, threadLimit())
        let installation = Installation.current()
        var settings = AdministratorSettings(installation, inherited: CurrentProcess.environment)
        settings.apply()
        let context = Context(
            options: options, remotes: installation.remotes,
            environment: Environment(inherited: settings.environment, proxy: options.proxy, processID: getpid()),
            warnings: options.problems.map { "\($0); it is ignored" } + settings.warnings)
        Session(input: .standardInput, output: .standardOutput, context: context).run()
        exit(0)
    }

    /// The number of actions for which the limit of open files has room.
    private static func threadLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1 }
        let descriptors = Int(clamping: limit.rlim_cur)
        return max(1, (descriptors - descriptorsKept) / descriptorsPerAction)
    }

    private static func write(_ text: String, to descriptor: FileDescriptor) {
        var text = text
        text.withUTF8 { try? descriptor.writeAll(UnsafeRawBufferPointer($0)) }
    }
}
