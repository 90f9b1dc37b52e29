import Bytes
import Checksums
import DriverProtocol
import Glibc
import HTTP
import JSON
import Posix

/// A release of OpenNebula's context packages, as the API of GitHub tells of it.
struct ContextRelease: Sendable {
    struct Asset: Sendable {
        let name: ContextPackageName
        let url: WebURL
        /// In lower case, or nil if the release does not tell it.
        let sha256: String?
    }

    private static let bodyLimit = 4 << 20

    /// `v7.2.1`.
    let tag: String
    /// The packages of OpenNebula among its files, in the order of the page.
    let assets: [Asset]

    /// Reads a page. Throws if it is no release.
    init(page: [UInt8]) throws {
        let read = try JSONReader.read(copyOf: page) { reader in
            try reader.value(members: ["tag_name", "assets"]).flatMap { page in
                page["tag_name"]?.text.map { ($0, page["assets"]?.elements.compactMap(Self.asset) ?? []) }
            }
        }
        guard let (tag, assets) = read, !assets.isEmpty else {
            throw Unusable(description: read == nil ? "it is no release" : "the release has no packages of OpenNebula")
        }
        self.tag = oneLine(tag, limit: 100)
        self.assets = assets
    }

    private struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    private static func asset(_ value: JSONValue) -> Asset? {
        guard let name = value["name"]?.text.flatMap({ ContextPackageName($0) }),
            name.stem == ContextPackageName.openNebula,
            let url = value["browser_download_url"]?.text.flatMap({ WebURL($0) }),
            url.text.utf8.allSatisfy(isVisible)
        else { return nil }
        let digest = value["digest"]?.text?.lowercased().split(separator: ":", maxSplits: 1)
        let sha256 = digest?.first == "sha256" ? digest?.last.flatMap(Digest.Algorithm.sha256.digest) : nil
        return Asset(name: name, url: url, sha256: sha256)
    }

    /// Everything of it on which an image depends.
    var fingerprint: String {
        ([tag] + assets.map { $0.name.text + ($0.sha256.map { "=" + $0 } ?? "") }.sorted()).joined(separator: " ")
    }

    // MARK: Fetching

    /// Returns the release of the first of the pages that is there: as it was kept within the last hour, else as the
    /// server tells it, else as it was kept ever.
    ///
    /// - Parameter isPatient: whether it is worth waiting for a server that does not answer at once.
    static func load(_ pages: [WebURL], _ request: Request, isPatient: Bool = true) throws -> ContextRelease {
        let kept = ContextCache(request).page(of: pages[0])
        let old = kept.flatMap { try? ContextRelease(page: $0.bytes) }
        if let kept, let old, kept.isFresh { return old }
        do {
            let (release, page) = try ask(pages, request, isPatient: isPatient)
            ContextCache(request).keep(page: page, of: pages[0])
            return release
        } catch let error as DriverError {
            guard let old else {
                if !isPatient { request.log.warning("apps may change when it is there again: \(error)") }
                throw error
            }
            request.log.warning("the release \(old.tag) is used, as it was last known: \(error)")
            return old
        }
    }

    /// Returns the release of the first of the pages that is there, as the server tells it now.
    static func ask(
        _ pages: [WebURL], _ request: Request, isPatient: Bool
    ) throws -> (release: ContextRelease, page: [UInt8]) {
        let (page, url) = try fetch(pages, request, isPatient: isPatient)
        do {
            return (try ContextRelease(page: page), page)
        } catch {
            throw failure(url, cause: "\(error)", underlying: error)
        }
    }

    private static func fetch(
        _ pages: [WebURL], _ request: Request, isPatient: Bool
    ) throws -> (page: [UInt8], url: WebURL) {
        var options = try HTTPOptions(ofCatalog: request)
        // GitHub's API answers nobody without a name.
        options.userAgent = "OpenNebula"
        options.acceptGzip = true
        if !isPatient { (options.attempts, options.connectTimeout) = (1, 5) }
        let client = HTTPClient(options: options, log: request.log)
        for (number, url) in pages.enumerated() {
            let response: HTTPResponse
            do {
                response = try client.answer(from: url, bodyLimit: bodyLimit)
            } catch let error as DriverError {
                throw failure(url, cause: error.cause, remedy: error.remedy, underlying: error.underlying)
            }
            if response.isSuccess { return (response.body, url) }
            guard response.status == 404, number + 1 < pages.count else {
                let isLimit = [403, 429].contains(response.status)
                throw failure(
                    url, cause: response.error(.get, url).cause,
                    remedy: isLimit ? "wait: GitHub answers an address 60 times an hour" : "check CONTEXT_VERSION")
            }
        }
        fatalError("unreachable")
    }

    private static func failure(
        _ url: WebURL, cause: String, remedy: String? = nil, underlying: (any Error)? = nil
    ) -> DriverError {
        let others = "set CONTEXT_URL to a mirror, CONTEXT_PACKAGES to files or an ISO, or CONTEXT = \"NO\""
        return DriverError(
            "find", "OpenNebula's context packages at \(quoted(url))", cause: cause,
            remedy: (remedy.map { $0 + ", or " } ?? "") + others, underlying: underlying)
    }
}
