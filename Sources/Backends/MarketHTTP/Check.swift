import AppTransfer
import DriverProtocol
import HTTP
import ImageTransfer
import Posix

/// `market/http/check`: tries the directory, on each bridge host, and the web server with files that are removed again.
package enum Check: CheckAction {
    package static let name = "market/http/check"
    package static let purpose = "tries PUBLIC_DIR, BRIDGE_LIST and BASE_URL; prints a line for each check"
    package static let inputs = PublicDirectory.inputs + HTTPOptions.inputs
    package static let sourceInputs = HTTPOptions.datastoreInputs

    package static func run(_ request: Request, _ check: MarketCheck) throws {
        let attributes = try check.trying("attributes") {
            (directory: try PublicDirectory(request), options: try HTTPOptions(request))
        } found: {
            "BASE_URL \($0.directory.baseURL) stands for PUBLIC_DIR \($0.directory.path)"
        }
        guard let (directory, options) = attributes else { return }
        let client = HTTPClient(options: options, log: request.log)
        let server = try check.tryServer(options) { try client.facts(of: directory.baseURL) }
        try DirectoryTrial(directory, client: server == nil ? nil : client, request, check).run()
    }
}

/// The checks of the directory, wherever it is.
private struct DirectoryTrial {
    /// Bytes of the probe: more than one packet.
    private static let probeLength = 200_000

    private let directory: PublicDirectory
    /// Nil if the web server does not answer.
    private let client: HTTPClient?
    private let request: Request
    private let check: MarketCheck

    init(_ directory: PublicDirectory, client: HTTPClient?, _ request: Request, _ check: MarketCheck) {
        (self.directory, self.client, self.request, self.check) = (directory, client, request, check)
    }

    func run() throws {
        guard directory.hosts.isEmpty else {
            for host in directory.hosts { try tryHost(host) }
            return
        }
        let images = directory.images
        let space = try check.trying("directory") {
            try images.space()
        } found: {
            "it is there; \(Self.describe($0))"
        }
        if space != nil { try tryFile(in: images, place: "") }
    }

    private func tryHost(_ host: RemoteDirectory) throws {
        let found = try check.trying("host \(host.host)") {
            try host.examine()
        } found: { found in
            (found.user.map { "\($0) is logged in; " } ?? "") + "the programs are there, and the directory; "
                + Self.describe(found.space)
        }
        if let found, !found.lacking.isEmpty {
            try check.note(
                "host \(host.host)",
                "it lacks \(found.lacking.joined(separator: ", ")): SPARSE = \"NO\" of a datastore there has no effect: "
                    + "install the package util-linux")
        }
        if found != nil { try tryFile(in: host, place: " on \(host.host)") }
    }

    private static func describe(_ space: FileSystemSpace) -> String {
        space.isKnown
            ? "\(space.available >> 20) of \(space.total >> 20) MB are free" : "its file system does not tell its size"
    }

    /// Puts a file into a directory, fetches it from the web server, and removes it.
    ///
    /// - Parameter place: what stands behind the names of the checks.
    private func tryFile(in images: any ImageDirectory, place: String) throws {
        let name = "market-drivers-check-" + randomName()
        var isPublished = false
        defer { if isPublished { Interrupt.holding { _ = try? images.remove(name) } } }
        let md5 = try check.trying("writing\(place)") {
            let sink = try images.makeSink(
                ImageNames(name), mode: Import.mode, needing: UInt64(Self.probeLength))
            isPublished = true
            return try Probe(length: Self.probeLength).publish(into: sink, log: request.log)
        } found: { _ in
            "a file can be put into PUBLIC_DIR"
        }
        guard let md5 else { return }
        try askServer(directory.url(of: name), md5: md5, place: place)
        _ = try check.trying("removing\(place)") {
            try images.remove(name)
        } found: { _ in
            "the file is removed again"
        }
        isPublished = false
    }

    private func askServer(_ url: WebURL, md5: String, place: String) throws {
        guard let client else {
            return try check.skip("reading\(place)", because: "the web server does not answer")
        }
        let served: Void? = try check.trying("reading\(place)") {
            do {
                try Probe.compare(HTTPSource(url, request), md5: md5, log: request.log)
            } catch let error as DriverError {
                throw Self.withRemedy(error)
            }
        } found: {
            "BASE_URL serves what PUBLIC_DIR has"
        }
        guard served != nil else { return }
        _ = try check.trying("ranges\(place)") {
            try client.answer(from: url, headers: ["Range": "bytes=1-2"], bodyLimit: 2 * Self.probeLength)
        } verdict: {
            $0.status == 206
                ? .works("a download that breaks off can go on")
                : .note("the web server sends none: a download that breaks off starts from the beginning")
        }
    }

    /// Returns the error with what an administrator does about a file that is there, and is not served.
    private static func withRemedy(_ error: DriverError) -> DriverError {
        let remedy: String
        switch (error.underlying as? RefusedStatus)?.status {
        case 403: remedy = "let the web server's user read the files of PUBLIC_DIR (mode 0644), and enter the directory"
        case 404, 410: remedy = "let the web server serve PUBLIC_DIR as BASE_URL, or correct BASE_URL"
        case 401: remedy = "let the web server serve BASE_URL without a password"
        default: return error
        }
        return DriverError(
            error.operation, error.object, cause: error.cause, remedy: remedy, underlying: error.underlying)
    }
}
