import Catalog
import Checksums
import DriverProtocol
import HTTP
import ImageTransfer
import Posix

/// An image that is built when it is opened: `lxd://URL?size=MB&filesystem=ext4&format=raw`. The root file system is
/// fetched, verified by the SHA-256 of the server's catalog, and put into an image of that size.
package final class ContainerSource: ImageSource {
    /// What is read of a marketplace.
    package static let inputs =
        [endpoint, verify] + contextInputs + CatalogMarket.inputs
    /// What is read of a marketplace about the packages in its images.
    package static let contextInputs = ContextAttributes.inputs
    package static let endpoint = CatalogMarket.endpoint(default: SimpleStreams.standardEndpoint)
    package static let verify = Input.optional(
        "MARKETPLACE/TEMPLATE/VERIFY", default: "YES",
        "`NO` also lists and builds images without a SHA-256 in the catalog. A warning is logged.")

    package let name: String
    private let directory: WorkDirectory
    private let built: FileSource

    /// Does all the work. The image then lies in STAGING_DIR, and is removed with this source.
    package init(_ location: Location, _ request: Request) throws {
        let image = try ContainerImage(source: location.text)
        name = "\(location)"
        let packages = try ContextPackages(request, for: image)
        let options = try BuildOptions(request)
        let expected = try Self.expectedDigests(of: image, request)
        directory = try WorkDirectory(in: request.settings.stagingDirectory)
        let site = BuildSite(directory: directory, image: image, log: request.log)
        let archive = try Self.fetch(expected, into: site, request)
        built = try FileSource(path: try ContainerBuild(site: site, packages: packages, options: options).run(archive))
    }

    package var length: UInt64? { built.length }
    package var storageSize: UInt64? { built.storageSize }
    /// What it is made of was fetched within the limit.
    package var isPaced: Bool { true }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        try built.next(into: buffer)
    }

    /// Returns the digests in the server's catalog. Throws if it has none of the file, unless VERIFY is NO.
    private static func expectedDigests(of image: ContainerImage, _ request: Request) throws -> ExpectedDigests {
        guard try request.message.flag(Self.verify) else {
            request.log.warning("VERIFY is off: nobody checks that \(quoted(image.url)) is what was meant")
            return ExpectedDigests()
        }
        let remedy = "use the app that the catalog has now, or set VERIFY = \"NO\" in the marketplace to do without"
        guard let (server, path) = Self.place(of: image.url, request.message) else {
            throw DriverError(
                "verify", quoted(image.url), cause: "it is neither below ENDPOINT nor below a server's images/",
                remedy: remedy)
        }
        let market = try CatalogMarket(request, endpoint: server, agent: "OpenNebula")
        let file = try SimpleStreams.file(at: path, of: market, remedy: remedy)
        guard let file, let sha256 = file.sha256 else {
            throw DriverError(
                "verify", quoted(image.url),
                cause: file == nil ? "the catalog of its server does not list it" : "its catalog has no SHA-256 of it",
                remedy: remedy)
        }
        return ExpectedDigests(sha256: sha256)
    }

    /// Returns the server of an image, and the image's path in its catalog: the marketplace's server if the URL begins
    /// with it, else the most likely one, above `images/`. Returns nil if neither fits.
    private static func place(of url: WebURL, _ message: Message) -> (server: WebURL, path: String)? {
        if let server = message.value(endpoint).flatMap({ WebURL(base: $0) }), url.text.hasPrefix(server.text + "/") {
            return (server, String(url.text.dropFirst(server.text.count + 1)))
        }
        let parts = url.text.split(separator: "/", omittingEmptySubsequences: false)
        guard let start = parts.dropFirst(3).firstIndex(of: "images"),
            let server = WebURL(base: parts[..<start].joined(separator: "/"))
        else { return nil }
        return (server, parts[start...].joined(separator: "/"))
    }

    /// Fetches the file, and makes it a plain archive. That must wait until all of it is verified.
    private static func fetch(
        _ expected: ExpectedDigests, into site: BuildSite, _ request: Request
    ) throws -> PackedArchive.Plain {
        let url = site.image.url
        let isSquashfs = url.text.hasSuffix(".squashfs")
        return try startingOver(request.log) {
            let source = try HTTPSource(url, request, isOfCatalog: true)
            let file = try LocalDirectory(path: site.directory.path, log: request.log).makeSink(
                ImageNames("archive"), mode: 0o600, needing: source.storageSize)
            let archive = ArchiveSink(file)
            let sink: any ImageSink = isSquashfs ? file : archive
            do {
                _ = try ImageCopy(
                    source, expected: expected, decompresses: !isSquashfs, computesMD5: false, log: request.log
                ).run(into: sink)
                let path = site.file(try sink.publish())
                guard !isSquashfs else { return try PackedArchive.squashfs.plain(path, of: "\(url)", in: site) }
                return PackedArchive.Plain(path: path, attributes: archive.attributes, devices: archive.devices)
            } catch let fault as TarScanner.Fault {
                throw damage(
                    of: source,
                    DriverError(
                        "unpack", quoted(url), cause: fault.reason, remedy: "use another image, and tell its makers"))
            }
        }
    }
}
