import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing
import XML

/// A marketplace and a datastore on bridge hosts, messages for them, and their actions.
struct Bridge {
    let server: SSHServer
    let directory: TemporaryDirectory
    /// PUBLIC_DIR.
    let market: String
    /// BASE_PATH.
    let datastore: String

    init(fileSizeLimit: Int? = nil) throws {
        server = try SSHServer(fileSizeLimit: fileSizeLimit)
        directory = try TemporaryDirectory()
        market = try directory.makeDirectory("market")
        datastore = try directory.makeDirectory("datastore")
    }

    // MARK: Messages

    static let publicDirectory = "MARKETPLACE/TEMPLATE/PUBLIC_DIR"
    static let marketHosts = "MARKETPLACE/TEMPLATE/BRIDGE_LIST"
    static let datastoreHosts = "DATASTORE/TEMPLATE/BRIDGE_LIST"

    /// Returns a message for any of the actions; `values`, by their paths, replace the usual ones.
    func message(_ values: [String: String] = [:]) -> [UInt8] {
        let usual = [
            "MARKETPLACE/TEMPLATE/BASE_URL": "http://frontend.example/market", Self.publicDirectory: market,
            Self.marketHosts: "bridge1", Self.datastoreHosts: "bridge1", "MARKETPLACEAPP/ID": "7",
            "DATASTORE/BASE_PATH": datastore, "IMAGE/FORMAT": "raw", "SIZE": "4", "FORMAT": "raw",
        ]
        let all = usual.merging(values) { $1 }.map { (path: $0.key.split(separator: "/")[...], value: $0.value) }
        return Array("<DS_DRIVER_ACTION_DATA>\(Self.elements(all))</DS_DRIVER_ACTION_DATA>".utf8)
    }

    private static func elements(_ values: [(path: ArraySlice<Substring>, value: String)]) -> String {
        Dictionary(grouping: values) { $0.path.first ?? "" }.map { name, group in
            let leaf = group.first { $0.path.count == 1 }
            let body =
                leaf.map { XMLText.characterData($0.value) } ?? elements(group.map { ($0.path.dropFirst(), $0.value) })
            return "<\(name)>\(body)</\(name)>"
        }.joined()
    }

    // MARK: Actions

    /// Runs an executable of the package to its end.
    func run(
        _ action: String, _ values: [String: String] = [:], id: Int = 0, environment: [String: String] = [:]
    ) throws -> Outcome {
        try TestSupport.run(
            Programs.action(action) + ["\(id)"], input: message(values),
            environment: server.environment.merging(environment) { $1 })
    }

    /// `market/http/import` of a local file.
    func importImage(_ source: String, _ values: [String: String] = [:], id: Int = 0) throws -> Outcome {
        try run("market-http-import", values.merging(["IMPORT_SOURCE": source]) { $1 }, id: id)
    }

    /// Starts `market/http/import`, and leaves it running.
    func startImport(_ source: String) throws -> Child {
        let file = try directory.write("message", message(["IMPORT_SOURCE": source]))
        let environment = ProcessInfo.processInfo.environment.merging(server.environment) { $1 }
        return try Child(
            Programs.action("market-http-import") + ["0"], environment: environment.map { "\($0)=\($1)" },
            input: .descriptor(FileDescriptor.open(file, O_RDONLY)))
    }

    // MARK: Files on the host

    /// The names in PUBLIC_DIR, hidden ones included.
    func published() throws -> [String] {
        try directory.names(in: "market")
    }

    /// Waits until PUBLIC_DIR holds no hidden file: the host has cleaned up. Returns whether it has.
    func isCleanedUp(within seconds: Double = 15) throws -> Bool {
        try eventually(within: seconds) { try !published().contains { $0.hasPrefix(".") } }
    }

    /// Waits until so many bytes of an import have reached PUBLIC_DIR.
    func waitForData(_ count: Int64) throws -> Bool {
        try eventually(within: 30) {
            try published().contains { try FileStatus(path: market + "/" + $0).size >= count }
        }
    }
}

/// Waits until `condition` holds. Returns whether it does.
func eventually(within seconds: Double, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = Clock.now + seconds
    while try !condition() {
        guard Clock.now < deadline else { return false }
        usleep(10_000)
    }
    return true
}

/// Expects that an action has failed as its contract says: nothing on standard output, status 1, and one line for the
/// user, which has all of `parts` in it.
func expectFailure(_ outcome: Outcome, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(outcome.status == .exited(1), sourceLocation: sourceLocation)
    #expect(outcome.output == "", sourceLocation: sourceLocation)
    #expect(outcome.reasons.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    for part in parts {
        #expect(outcome.reasons.first?.contains(part) == true, "\(outcome.errors)", sourceLocation: sourceLocation)
    }
}

/// Expects success, and returns the printed values.
func expectSuccess(_ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation) throws -> Template {
    #expect(outcome.status == .exited(0), "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.reasons == [], sourceLocation: sourceLocation)
    return try Template(parsing: outcome.output)
}

/// Returns `count` random bytes, which repeat after a MiB and a bit: no two blocks of them are alike, none is of zeros.
func noise(_ count: Int) -> [UInt8] {
    let period = (1 << 20) + 77
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
        // In pieces of 256 bytes, getentropy(3) does not fail.
        while initialized < min(count, period) {
            let piece = min(min(count, period) - initialized, 256)
            initialized += getentropy(buffer.baseAddress! + initialized, piece) == 0 ? piece : 0
        }
        while initialized < count {
            let piece = min(count - initialized, period)
            memcpy(buffer.baseAddress! + initialized, buffer.baseAddress!, piece)
            initialized += piece
        }
    }
}

/// Returns the MD5 of a file by the usual tool.
func md5(of path: String) throws -> String {
    let outcome = try run(["md5sum", "-z", "--", path])
    return String(outcome.output.prefix(32))
}
