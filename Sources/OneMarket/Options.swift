import Bytes
import DriverProtocol
import Posix

/// The driver's command line: ARGUMENTS of MARKET_MAD in oned.conf.
struct Options: Equatable, Sendable {
    /// Actions that may run at once.
    var threads = 15
    /// The drivers that may be used: folders below `remotes/market`. Empty: all that are installed.
    var markets: [String] = []
    /// Seconds that one request may take; nil for no limit.
    var timeout: Double?
    /// The proxy for the actions.
    var proxy: String?
    var wantsHelp = false
    var wantsVersion = false
    /// The arguments that were not understood. The other options hold all the same.
    var problems: [String] = []

    static let usage = """
        one_market: OpenNebula's marketplace driver manager, which oned starts and talks to over standard input and output

        usage: one_market [-t N] [-m NAMES] [-w SECONDS] [-p PROXY]

          -t, --threads N          actions that run at once (15)
          -m, --market-types NAMES drivers that may be used, separated by commas (all that are installed)
          -w, --timeout SECONDS    how long one request may take (0: without limit)
          -p, --proxy PROXY        proxy for the actions, as http_proxy and https_proxy
          -h, --help               this text
              --version            the release of these drivers

        It answers INIT, IMPORT, DELETE, MONITOR, DRIVER_CANCEL and FINALIZE, one a line.

        """

    private static let longNames = [
        "--threads": "-t", "--market-types": "-m", "--timeout": "-w", "--proxy": "-p", "--help": "-h",
    ]

    init() {}

    /// Reads the command line. oned passes all of it as one argument.
    init(arguments: [String]) {
        var rest = arguments.flatMap { argument in
            arguments.count == 1 || argument.hasPrefix("-") ? Command.words(of: argument) : [argument]
        }[...]
        while let argument = rest.popFirst() {
            var (name, value) = Self.divide(argument)
            name = Self.longNames[name] ?? name
            guard name != "-h", name != "--version" else {
                if name == "-h" { wantsHelp = true } else { wantsVersion = true }
                continue
            }
            guard Self.longNames.values.contains(name) else {
                problems.append(name.hasPrefix("-") ? "unknown option \(name)" : "unexpected argument \(name)")
                // The word after an unknown option is its value, most likely.
                if name.hasPrefix("-"), rest.first?.hasPrefix("-") == false { rest.removeFirst() }
                continue
            }
            guard let value = value ?? rest.popFirst() else {
                problems.append("option \(name) needs a value")
                break
            }
            set(name, value)
        }
    }

    /// Divides `--name=value` or `-nvalue` into name and value.
    private static func divide(_ argument: String) -> (String, String?) {
        if argument.hasPrefix("--") {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : nil)
        }
        let name = String(argument.prefix(2))
        let isAttached = argument.count > 2 && longNames.values.contains(name)
        return isAttached ? (name, String(argument.dropFirst(2))) : (argument, nil)
    }

    private mutating func set(_ name: String, _ value: String) {
        switch name {
        case "-t":
            guard let number = Self.number(value), number > 0 else {
                return problems.append("-t \(value) is not a number of actions")
            }
            threads = number
        case "-w":
            guard let number = Self.number(value) else {
                return problems.append("-w \(value) is not a number of seconds")
            }
            timeout = number == 0 ? nil : Double(number)
        case "-m":
            let names = value.split { $0 == "," || $0.isWhitespace }.map(String.init)
            guard !names.isEmpty else { return problems.append("-m names no driver") }
            markets = names
        default:
            proxy = value.isEmpty ? nil : value
        }
    }

    private static func number(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 9, text.utf8.allSatisfy(isDigit) else { return nil }
        return Int(text)
    }
}
