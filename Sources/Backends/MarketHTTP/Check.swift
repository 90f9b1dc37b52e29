import AppTransfer
import DriverProtocol
import HTTP
import ImageTransfer
import Posix

/// `market/http/check`: tries the directory and the web server with a file that is removed again.
package enum Check: Action {
    package static let name = "market/http/check"
    package static let purpose = "tries PUBLIC_DIR and BASE_URL with a probe file; prints a line for each check"
    package static let inputs = PublicDirectory.inputs + HTTPOptions.inputs
    package static let sourceInputs = HTTPOptions.datastoreInputs
    /// Bytes of the probe: more than one packet.
    private static let probeLength = 200_000

    package static func run(_ request: Request) throws -> Reply {
        var check = MarketCheck()
        guard
            let directory = try check.trying(
                "attributes", { try PublicDirectory(request) }, found: { "\($0.path) is served as \($0.baseURL)" })
        else { return check.reply }
        _ = try check.trying("room", { try directory.images.space() }, found: Self.describe)
        let name = "market-drivers-check-" + randomName()
        var isPublished = false
        defer { if isPublished { Interrupt.holding { _ = try? directory.images.remove(name) } } }
        let md5 = try check.trying(
            "writing",
            {
                let sink = try directory.images.makeSink(
                    ImageNames(name), mode: Import.mode, needing: UInt64(probeLength))
                isPublished = true
                return try Probe(length: probeLength).publish(into: sink, log: request.log)
            }, found: { _ in "a file can be put into PUBLIC_DIR" })
        guard let md5 else { return check.reply }
        try askServer(directory.url(of: name), md5: md5, request, &check)
        _ = try check.trying(
            "removing", { try directory.images.remove(name) }, found: { _ in "the file is gone again" })
        isPublished = false
        return check.reply
    }

    private static func describe(_ space: FileSystemSpace) -> String {
        space.isKnown
            ? "\(space.available >> 20) of \(space.total >> 20) MB are free" : "the file system does not tell its size"
    }

    private static func askServer(_ url: WebURL, md5: String, _ request: Request, _ check: inout MarketCheck) throws {
        let served: Void? = try check.trying(
            "web server", { try Probe.compare(HTTPSource(url, request), md5: md5, log: request.log) },
            found: { "BASE_URL serves what PUBLIC_DIR holds" })
        guard served != nil else { return }
        let client = try HTTPClient(options: HTTPOptions(request), log: request.log)
        let answer = try? client.answer(from: url, headers: ["Range": "bytes=1-2"], bodyLimit: 2 * probeLength)
        if answer?.status != 206 {
            try check.note("ranges", "the web server knows none: a download that breaks off starts over")
        }
    }
}
