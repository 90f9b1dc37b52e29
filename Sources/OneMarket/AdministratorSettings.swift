import DriverProtocol
import Glibc
import Posix

/// The settings of all of OpenNebula's drivers in `etc/defaultrc`, and of this one in `etc/mad/one_market`: variables
/// for the driver and its actions, PRIORITY and ONE_MAD_DEBUG. The files are the stock drivers', which source them;
/// here they are read, and nothing of them is run.
struct AdministratorSettings {
    /// The stock drivers' PRIORITY if there is a file without one.
    private static let standardPriority = 19
    /// Bytes: `ulimit -c 15000`, as in the stock drivers with ONE_MAD_DEBUG.
    private static let coreLimit: UInt64 = 15_000 << 10

    /// `NAME=value`: the inherited variables, and those that the files set in their place.
    private(set) var environment: [String]
    /// Warnings for oned's log.
    private(set) var warnings: [String] = []
    private let installation: Installation
    private var hasFile = false

    /// Reads those files of `installation` that exist.
    init(_ installation: Installation, inherited: [String]) {
        environment = inherited
        self.installation = installation
        for name in ["defaultrc", "mad/one_market"] { read(joined(installation.configuration, name)) }
    }

    private mutating func read(_ path: String) {
        let file: VariableFile
        do throws(SystemError) {
            file = try VariableFile(path: path)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return }
            let cause = "\(DriverError("read", path, error))"
            return warnings.append("\(cause); until then, what it sets does not count")
        }
        hasFile = true
        var last = Dictionary(file.variables.map { ($0.name, $0.value) }) { $1 }
        // What this file says in capitals is nearer than what was said elsewhere, in whatever spelling.
        let named = ProxyVariables.saidInCapitals { name in last[name].flatMap { $0.isEmpty ? nil : $0 } }
        last.merge(named.map { ($0.name, $0.value) }) { $1 }
        environment.removeAll { last.keys.contains(String($0.prefix { $0 != "=" })) }
        environment += last.map { "\($0.key)=\($0.value)" }.sorted()
        if let warning = file.warning(of: path) { warnings.append(warning) }
    }

    /// Returns the value of a variable, or nil if it is missing or empty.
    private func value(_ name: String) -> String? {
        let entry = environment.last { $0.hasPrefix(name + "=") }
        return entry.map { String($0.dropFirst(name.count + 1)) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Gives this process the niceness of PRIORITY, and the core limit of ONE_MAD_DEBUG. The actions inherit both.
    mutating func apply() {
        setPriority()
        guard value("ONE_MAD_DEBUG") != nil else { return }
        let path = joined(installation.logs, "one_market.log")
        do throws(SystemError) {
            try CurrentProcess.limitCore(Self.coreLimit)
            let log = try FileDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o640)
            try retrying("dup2", path) { dup2(log.number, STDERR_FILENO) }
        } catch {
            warnings.append("ONE_MAD_DEBUG: \(DriverError("write", path, error))")
        }
    }

    private mutating func setPriority() {
        let text = value("PRIORITY")
        guard hasFile || text != nil else { return }
        let priority = text.map { Int($0) } ?? Self.standardPriority
        if priority == nil {
            warnings.append(
                "PRIORITY=\(oneLine(text ?? "", limit: 40)) is no number: \(Self.standardPriority) is taken")
        }
        do {
            try CurrentProcess.addNiceness(priority ?? Self.standardPriority)
        } catch {
            warnings.append(
                "PRIORITY=\(priority ?? 0) is not taken: \(error.cause); give 0 to 19, less is for root alone")
        }
    }
}
