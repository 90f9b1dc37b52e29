import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// A marketplace and a datastore in directories of this machine, and messages about them.
final class LocalMarket: Sendable {
    static let baseURL = "http://frontend.example/market"

    /// Runs a program as a user who may not do everything: root runs it as nobody.
    static let unprivileged =
        geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []

    let directory: TemporaryDirectory
    let publicDirectory: String
    let datastore: String

    init() throws {
        directory = try TemporaryDirectory()
        publicDirectory = try directory.makeDirectory("public")
        datastore = try directory.makeDirectory("datastore")
        _ = try directory.makeDirectory("var/market-drivers/imports")
    }

    private func message(_ fixture: String) throws -> DriverMessage {
        try DriverMessage(fixture).with([
            "MARKETPLACE/TEMPLATE/PUBLIC_DIR": publicDirectory, "MARKETPLACE/TEMPLATE/BASE_URL": Self.baseURL,
        ])
    }

    func importMessage(_ source: String, md5: String? = "") throws -> DriverMessage {
        try message("market-http-import.step2").with(["IMPORT_SOURCE": source, "MD5": md5, "SIZE": "4"])
    }

    func deleteMessage(_ source: String) throws -> DriverMessage {
        try message("market-http-delete").with("MARKETPLACEAPP/SOURCE", source)
    }

    func monitorMessage() throws -> DriverMessage {
        try message("market-http-monitor")
    }

    func exportMessage(_ source: String, format: String? = "raw") throws -> DriverMessage {
        try DriverMessage("market-http-import.export").with([
            "IMAGE/SOURCE": source, "IMAGE/FORMAT": format, "DATASTORE/BASE_PATH": datastore,
            "DATASTORE/TEMPLATE/SAFE_DIRS": nil,
        ])
    }

    /// A message that brings the app `name`, served below `url`, into the datastore.
    func appExportMessage(_ name: String, from url: String, format: String? = "raw") throws -> DriverMessage {
        try message("market-http-import.step2").with([
            "MARKETPLACE/TEMPLATE/BASE_URL": url, "MARKETPLACEAPP/SOURCE": url + "/" + name,
            "MARKETPLACEAPP/FORMAT": format, "MARKETPLACEAPP/MD5": nil, "DATASTORE/BASE_PATH": datastore,
        ])
    }

    /// Runs an action away from the settings of this machine.
    func act(_ program: String, _ message: DriverMessage, environment: [String: String] = [:]) throws -> Outcome {
        try act(program, input: message.base64, environment: environment)
    }

    func act(
        _ program: String, arguments: [String] = [], input: [UInt8], environment: [String: String] = [:],
        through wrapper: [String] = []
    ) throws -> Outcome {
        try run(
            wrapper + Programs.action(program) + arguments, input: input,
            environment: environment.merging(["ONE_LOCATION": directory.path]) { one, _ in one })
    }

    func `import`(_ source: String, md5: String? = "") throws -> Outcome {
        try act("market-http-import", importMessage(source, md5: md5))
    }

    /// Returns the names in PUBLIC_DIR, hidden files too.
    func published() throws -> [String] {
        try directory.names(in: "public")
    }

    /// Returns all names in the market's directories, hidden files too, and whether a command out of a message has made
    /// the file that those of the tests would make.
    func contents() throws -> [String] {
        let here = FileManager.default.currentDirectoryPath + "/x"
        #expect(!FileManager.default.fileExists(atPath: here))
        return try FileManager.default.subpathsOfDirectory(atPath: directory.path).sorted()
    }

    /// Returns the file that a reply's SOURCE stands for.
    func file(of reply: Template) throws -> String {
        let source = try #require(reply["SOURCE"])
        #expect(source.hasPrefix(Self.baseURL + "/"))
        return publicDirectory + "/" + source.dropFirst(Self.baseURL.count + 1)
    }
}

/// Returns the reply of an action that has succeeded and has logged no complaint.
func reply(of outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation) throws -> Template {
    #expect(outcome.status == .exited(0), "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.reasons.isEmpty, sourceLocation: sourceLocation)
    return try Template(parsing: outcome.output)
}

/// Checks that an action has refused its work properly: status 1, nothing printed, and one line for the user with the
/// object, the cause and the remedy, which has all of `parts` in it.
func expectRefusal(_ outcome: Outcome, _ parts: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(outcome.status == .exited(1), sourceLocation: sourceLocation)
    #expect(outcome.output == "", sourceLocation: sourceLocation)
    #expect(outcome.reasons.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
    let reason = outcome.reasons.first ?? ""
    #expect(reason.hasPrefix("Cannot "), "\(reason)", sourceLocation: sourceLocation)
    #expect(reason.contains("; "), "\(reason)", sourceLocation: sourceLocation)
    for part in parts {
        #expect(reason.contains(part), "\(reason)", sourceLocation: sourceLocation)
    }
}
