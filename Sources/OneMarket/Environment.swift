import DriverProtocol
import Glibc

/// The environment variables of the actions.
struct Environment: Sendable {
    /// Lets a datastore's export know that import computes the checksum: the image is then read once.
    static let checksumByImport = ActionRunner.checksumVariable + "=import"

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
        let replaced = Set(added.keys).union([ActionRunner.checksumVariable])
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

    /// Returns the variables for the export that precedes `importDriver`.
    func forExport(before importDriver: Driver) -> [String] {
        importDriver.readsStandardInput ? common + [Self.checksumByImport] : common
    }
}
