import DriverProtocol
import Posix

/// The hosts of a BRIDGE_LIST, and how they are reached.
package struct BridgeHosts: Sendable {
    private let hosts: [BridgeHost]
    private let settings: Settings
    private let log: Log
    /// Whether this machine stands for all of them.
    private var areHere = false

    /// The hosts of a list of the message, the one of `request`'s id first: round robin by id, as in the
    /// stock drivers. Returns nil if the list is missing or empty.
    package init?(_ request: Request, at input: Input) throws(DriverError) {
        var hosts: [BridgeHost] = []
        for word in request.message.words(input) {
            guard let host = BridgeHost(word) else {
                throw request.message.invalid(
                    input, "has \(quoted(redactedLogins(in: word))), which is no host",
                    remedy: "write host names separated by spaces; a port goes into ssh_config(5)")
            }
            hosts.append(host)
        }
        guard !hosts.isEmpty else { return nil }
        self.init(rotating: hosts, by: request.id, settings: request.settings, log: request.log)
    }

    /// The only host of an `ssh://HOST:PATH` source.
    init(host: String, _ request: Request) throws(DriverError) {
        guard let parsed = BridgeHost(host) else {
            throw DriverError(
                "reach", quoted(Location("ssh://" + host)), cause: "it is no host name",
                remedy: "write ssh://HOST:PATH; a port goes into ssh_config(5)")
        }
        self.init(rotating: [parsed], by: 0, settings: request.settings, log: request.log)
    }

    /// This machine, which is reached without ssh.
    init(onThisMachine settings: Settings, log: Log) {
        self.init(rotating: [.thisMachine], by: 0, settings: settings, log: log)
        areHere = true
    }

    private init(rotating hosts: [BridgeHost], by id: Int, settings: Settings, log: Log) {
        let first = Int(id.magnitude % UInt(hosts.count))
        self.hosts = Array(hosts[first...] + hosts[..<first])
        self.settings = settings
        self.log = log
    }

    /// Each of them by itself, in the order of the list.
    package var each: [BridgeHosts] {
        hosts.map { BridgeHosts(rotating: [$0], by: 0, settings: settings, log: log) }
    }

    /// Their names, as ssh(1) takes them.
    var names: String { hosts.map(\.name).joined(separator: " ") }

    /// Starts `script` with `arguments` on the first host that can be reached.
    ///
    /// - Parameter program: the program that the script runs. If a host is this machine, and has it, no ssh is needed.
    func run(_ script: String, _ arguments: [String], unlessHere program: String? = nil) throws -> RemoteShell {
        var reasons: [String] = []
        var remedies: [String] = []
        for host in hosts {
            do {
                let isHere = areHere || program.map { host.isThisMachine && isInstalled($0) } == true
                return try RemoteShell(
                    host: host, isHere: isHere, settings: settings, script: script, arguments: arguments)
            } catch let unreachable as UnreachableHost {
                // The error names a single host itself.
                reasons.append((hosts.count == 1 ? "" : "\(host.name): ") + unreachable.reason)
                if !remedies.contains(unreachable.remedy) { remedies.append(unreachable.remedy) }
                if host != hosts.last {
                    log.warning(
                        "bridge host \(host.name) cannot be reached (\(unreachable.reason)): trying the next one")
                }
            }
        }
        throw DriverError(
            "reach", hosts.count == 1 ? "the host \(hosts[0].name)" : "any bridge host",
            cause: reasons.joined(separator: "; "), remedy: remedies.joined(separator: "; "))
    }
}
