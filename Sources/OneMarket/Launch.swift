import Bytes
import DriverProtocol
import Glibc
import Posix

/// An executable under `remotes/`.
struct Driver: Equatable, Sendable {
    /// Its path there: `market/http/import`.
    let name: String
    let path: String
    /// Whether it reads its message from standard input, which it declares with ``marker``. Others get it as their
    /// first argument, as from the stock driver manager: public on the machine (ps), and limited in length.
    let readsStandardInput: Bool

    /// The words with which a market driver declares that it reads standard input, within its first ``headLength``
    /// bytes.
    static let marker = "# message on stdin"
    static let headLength = 512

    /// Looks up the executable `name` below `remotes`. Throws if there is none that can be run.
    init(_ name: String, remotes: String) throws(DriverError) {
        let path = remotes + "/" + name
        do throws(SystemError) {
            let file = try FileStatus(path: path)
            guard file.isRegularFile else { throw SystemError("run", path, code: file.isDirectory ? EISDIR : EACCES) }
            try retrying("run", path) { access(path, X_OK) }
        } catch {
            let isMissing = error.code == ENOENT || error.code == ENOTDIR
            throw DriverError(
                "run", path, error,
                remedy: isMissing
                    ? "install that driver, or correct the driver's name in the marketplace's or the datastore's settings"
                    : "make it a file that the user that runs oned (oneadmin) can execute")
        }
        self.name = name
        self.path = path
        readsStandardInput = Self.hasMarker(path)
    }

    private static func hasMarker(_ path: String) -> Bool {
        var head = [UInt8](repeating: 0, count: headLength)
        guard let file = try? FileDescriptor.open(path, O_RDONLY),
            let count = try? head.withUnsafeMutableBytes({ buffer throws(SystemError) in
                try file.read(into: buffer, at: 0)
            })
        else { return false }
        return head[..<count].firstRange(of: Array(marker.utf8)) != nil
    }

    /// Whether `name` can be a folder below `remotes/market` or `remotes/datastore`. It comes from a message.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "-") }
    }
}

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
            arguments = [driver.path, String(id)]
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
        arguments = [driver.path, String(decoding: message, as: UTF8.self), String(id)]
        input = []
    }

    /// Starts a datastore action with `message`, base64, which is always read from standard input.
    init(datastore driver: Driver, id: Int, message: [UInt8], environment: [String]) {
        name = driver.name
        arguments = [driver.path, String(id)]
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

/// The environment variables of the actions.
struct Environment: Sendable {
    /// Tells a datastore's export that import computes the checksum: the image is then read once.
    static let checksumByImport = "MARKET_DRIVERS_MD5=import"

    /// For all actions.
    let common: [String]

    /// Takes the variables that this process has `inherited` or read. `proxy` replaces all others for http and https.
    init(inherited: [String], proxy: String?, processID: pid_t) {
        var added = [ActionRunner.managerVariable: String(processID)]
        if let proxy {
            for name in ["http_proxy", "https_proxy"] {
                added[name] = proxy
                added[name.uppercased()] = proxy
            }
        }
        let given = Self.values(inherited)
        let named = ProxyVariables.saidInCapitals { name in added[name] ?? given[name] }
        added.merge(named.map { ($0.name, $0.value) }) { set, _ in set }
        let replaced = Set(added.keys).union(["MARKET_DRIVERS_MD5"])
        let kept = inherited.filter { !replaced.contains(String($0.prefix { $0 != "=" })) }
        common = kept + added.map { "\($0.key)=\($0.value)" }.sorted()
    }

    /// Returns the values by name. Empty ones are left out: they count as missing.
    private static func values(_ strings: [String]) -> [String: String] {
        let pairs = strings.compactMap { entry in
            entry.firstIndex(of: "=").map { (String(entry[..<$0]), String(entry[entry.index(after: $0)...])) }
        }
        return Dictionary(pairs.filter { !$0.1.isEmpty }) { first, _ in first }
    }

    /// The values of all variables that name proxies, in capitals or not.
    var proxies: [String] {
        let values = Self.values(common)
        return ProxyVariables.names.flatMap { [values[$0], values[$0.uppercased()]] }.compactMap(\.self)
    }

    /// For the export that precedes `importDriver`.
    func forExport(before importDriver: Driver) -> [String] {
        importDriver.readsStandardInput ? common + [Self.checksumByImport] : common
    }
}
