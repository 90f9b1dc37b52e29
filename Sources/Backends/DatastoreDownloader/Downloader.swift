import AppTransfer
import Checksums
import DriverProtocol
import Glibc
import HTTP
import ImageTransfer
import Posix

/// `datastore/downloader.sh`: copies an image to a file or to standard output. It replaces OpenNebula's script of that
/// name, which datastores, transfer managers and Sunstone call.
package enum Downloader: Program {
    package static let name = "datastore/downloader.sh"
    package static let purpose = "brings an image to a file or to standard output, verified"
    /// The environment variable with the driver message.
    private static let messageVariable = "DRV_ACTION"
    private static let imageID = Input.optional("IMAGE/ID", "ID of the image.")

    /// Runs it as a program: exit status 0 or 1, one line on standard error for a failure. Standard input is not read:
    /// it may be the rest of the caller's script.
    package static func main(_ arguments: ArraySlice<String>) -> Never {
        let closed = CurrentProcess.beginProgram()
        do {
            try run(Array(arguments), hasOutput: !closed.contains(1))
            exit(0)
        } catch {
            say(ActionRunner.describe(error, in: name) + "\n")
            exit(1)
        }
    }

    private static func say(_ line: String) {
        LiveLine.clear()
        try? FileDescriptor.standardError.writeAll(Array(line.utf8))
    }

    private static func run(_ words: [String], hasOutput: Bool) throws {
        let arguments = try DownloadArguments(words)
        if let text = arguments.text { return try FileDescriptor.standardOutput.writeAll(Array(text.utf8)) }
        guard arguments.operands.count == 2 else {
            throw DownloadArguments.problem("it takes FROM and TO, and has got \(arguments.operands.count) operands")
        }
        if let index = arguments.operands.firstIndex(of: "") {
            throw DownloadArguments.problem("\(["FROM", "TO"][index]) is empty")
        }
        guard hasOutput || arguments.operands[1] != "-" else {
            throw DownloadArguments.problem("its standard output is closed")
        }
        let installation = Installation.current()
        let location = Location(arguments.operands[0])
        if let scheme = location.scheme, !ImageSources.isKnown(location) {
            try takeOver(scheme, words, arguments, installation)
        }
        let request = try makeRequest(arguments, installation)
        if location.scheme == "s3", request.message.root.element(at: "MARKETPLACE") == nil {
            throw readError(
                location, cause: "its keys come from the marketplace in \(messageVariable), where none is",
                remedy: "pass the message of an image that comes from that marketplace, as oned writes it, in base64")
        }
        try Download(arguments, request).run()
    }

    private static func takeOver(
        _ scheme: String, _ words: [String], _ arguments: DownloadArguments, _ installation: Installation
    ) throws(DriverError) {
        guard arguments.options[.sha256] == nil else {
            throw DownloadArguments.problem("--sha256 is not known to the stock script, which has to do \(scheme)://")
        }
        makeLog(id: 0, nil).info("\(scheme):// is not served by this driver: the stock script does it")
        try StockScript(name, installation).takeOver(arguments: words)
    }

    private static func makeLog(id: Int, _ message: Message?) -> Log {
        Log(action: name, id: "\(id)", object: message.flatMap { ObjectName($0) }) { say($0) }
    }

    /// Returns the message and the options as a request.
    private static func makeRequest(_ arguments: DownloadArguments, _ installation: Installation) throws -> Request {
        let message = try readMessage()
        // A secret may be in it: what is started from now on does not need it.
        unsetenv(messageVariable)
        var transfer = TransferPreferences()
        transfer.retries = arguments.options[.noretry] == nil
        if let text = arguments.options[.limit] {
            guard let rate = HTTPOptions.bandwidth(text) else {
                throw DownloadArguments.problem(
                    "--limit \(quoted(text)) is no rate: write bytes per second, or a number with K, M or G")
            }
            transfer.bandwidthLimit = rate
        }
        let id = message.value(imageID).flatMap { Int($0) } ?? 0
        return Request(
            message: message, id: id, log: makeLog(id: id, message), installation: installation,
            settings: try Settings(of: installation), transfer: transfer)
    }

    private static func readMessage() throws(DriverError) -> Message {
        guard let text = CurrentProcess.environmentVariable(messageVariable) else {
            return try Message(text: Array("<DS_DRIVER_ACTION_DATA/>".utf8))
        }
        do {
            return try Message(text: Array(text.utf8))
        } catch {
            throw DriverError(
                "read", messageVariable, cause: error.cause, remedy: "pass oned's message there, or leave it unset")
        }
    }
}
