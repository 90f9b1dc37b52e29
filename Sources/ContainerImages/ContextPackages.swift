import Checksums
import DriverProtocol
import Glibc
import HTTP
import ImageTransfer
import Posix

/// Finds out what is to be installed in a container, and fetches OpenNebula's part of it.
struct ContextPackages {
    /// Nil if the image's own location says that it is built as it is.
    private let options: ContextOptions?
    /// The release, if the packages come from one.
    private let release: ContextRelease?
    let request: Request

    /// Asks for the release: what cannot be had is told before anything is fetched. Throws a ``DriverError`` if it
    /// cannot, or for an attribute with a bad value.
    init(_ request: Request, for image: ContainerImage) throws {
        options = image.isContextualized ? try ContextOptions(request) : nil
        self.request = request
        if case .published(.release(let pages))? = options?.choice {
            release = try ContextRelease.load(pages, request)
        } else {
            release = nil
        }
    }

    /// Whether there is something to install.
    var isOn: Bool { options?.isOn ?? false }

    /// A package of OpenNebula that can be had.
    private struct Offer {
        enum Place {
            case file(String)
            case url(WebURL)
            case entry(ContextDisc, ContextDisc.Entry)
        }

        let name: ContextPackageName
        let place: Place
        let sha256: String?
    }

    /// Returns what is to be installed, with copies of OpenNebula's packages in the work directory, or nil if nothing
    /// is. Throws if there is no package for the container's distribution, or it cannot be had.
    func installation(for tree: ContainerTree) throws -> ContextInstallation? {
        guard let options, isOn else {
            request.log.info("no packages are asked for: the image is built as it is")
            return nil
        }
        let distribution = Distribution(tree)
        guard let family = distribution.family else {
            throw missing(tree.site, "OpenNebula makes no context packages for \(distribution.title)")
        }
        let files = try files(of: options.choice, for: family, of: distribution, tree)
        request.log.info(
            "\(files.map(\.name).joined(separator: ", ")) \(files.count == 1 ? "is" : "are") for \(distribution.title)")
        return ContextInstallation(
            manager: Distribution.manager(of: family, in: tree), files: files,
            names: family.packages + options.extraPackages, extraNames: options.extraPackages,
            optional: family.optional)
    }

    private func files(
        of choice: ContextOptions.Choice, for family: DistributionFamily, of distribution: Distribution,
        _ tree: ContainerTree
    ) throws -> [ContextFile] {
        let site = tree.site
        let offers: [Offer]
        let origin: String
        switch choice {
        case .none: return []
        case .published(.directory(let url, let version)):
            return [try fetch(family.fileNames(version: version), from: url, site)]
        case .published(.release):
            offers = (release?.assets ?? []).map { Offer(name: $0.name, place: .url($0.url), sha256: $0.sha256) }
            origin = "the packages of the release \(release?.tag ?? "")"
        case .listed(let packages):
            offers = try packages.enumerated().flatMap { try self.offers(of: $1, number: $0, site) }
            origin = "the CONTEXT_PACKAGES"
        }
        let (chosen, leftOut) = family.choice(of: offers, machine: tree.machine, name: \.name)
        if !leftOut.isEmpty {
            let names = leftOut.map(\.name.text).joined(separator: " ")
            request.log.warning(
                "left out, since of several files of one package the newest is taken: \(oneLine(names, limit: 300))")
        }
        guard !chosen.isEmpty else { throw missing(site, "none of \(origin) fits \(distribution.title)") }
        return try chosen.map { try fetch($0, site) }
    }

    /// Returns a listed package, or those on a listed ISO.
    private func offers(of package: ContextPackage, number: Int, _ site: BuildSite) throws -> [Offer] {
        let path = package.location.text
        let url = WebURL(path)
        if let name = package.name {
            return [Offer(name: name, place: url.map { .url($0) } ?? .file(path), sha256: package.sha256)]
        }
        // A path is copied, too: it could be replaced while it is read.
        let place = url.map { Offer.Place.url($0) } ?? .file(path)
        let copy = try copy(of: place, sha256: package.sha256, as: "disc-\(number)", in: site.directory.path)
        let disc = try ContextDisc(path: copy, name: "\(package.location)", site: site)
        return try disc.entries().map { Offer(name: $0.name, place: .entry(disc, $0), sha256: nil) }
    }

    private func missing(_ site: BuildSite, _ cause: String) -> DriverError {
        DriverError(
            "contextualize", "the image of \(quoted(site.image.url))", cause: cause,
            remedy: "add one that does to CONTEXT_PACKAGES, or set CONTEXT = \"NO\" to have the image as it is")
    }
}

// MARK: Fetching

extension ContextPackages {
    /// Fetches the first of the names that a directory of a web server has.
    private func fetch(_ names: [String], from directory: WebURL, _ site: BuildSite) throws -> ContextFile {
        var tried: [String] = []
        for name in names.compactMap({ ContextPackageName($0) }) {
            do {
                return try fetch(
                    Offer(name: name, place: .url(directory.appending("/" + name.text)), sha256: nil), site)
            } catch let error as DriverError where (error.underlying as? RefusedStatus)?.status == 404 {
                tried.append(name.text)
            }
        }
        throw DriverError(
            "find", "OpenNebula's context package at \(quoted(directory))",
            cause: "it has no \(tried.joined(separator: ", no "))",
            remedy: "check CONTEXT_URL and CONTEXT_VERSION, or put it there")
    }

    /// Makes a verified copy in the work directory.
    private func fetch(_ offer: Offer, _ site: BuildSite) throws -> ContextFile {
        let directory = site.file("packages")
        guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
            throw DriverError("build", quoted(site.image.url), SystemError("mkdir", directory))
        }
        let pinned = options?.digests ?? []
        if let sha256 = offer.sha256, !pinned.isEmpty, !pinned.contains(sha256) { throw unpinned(offer.name, sha256) }
        // The only one that it may have tells also whether it has been kept.
        let sha256 = offer.sha256 ?? (pinned.count == 1 ? pinned.first : nil)
        let path = try copy(of: offer.place, sha256: sha256, as: offer.name.text, in: directory)
        if offer.sha256 == nil, !pinned.isEmpty {
            let found = try Digest(.sha256).finish(reading: FileSource(path: path), log: request.log)
            guard pinned.contains(found) else { throw unpinned(offer.name, found) }
        } else if sha256 == nil, case .url(let url) = offer.place {
            request.log.warning("nobody checks that \(quoted(url)) is what was meant: CONTEXT_SHA256 is not set")
        }
        return ContextFile(path: path, name: offer.name.text)
    }

    private func unpinned(_ name: ContextPackageName, _ found: String) -> DriverError {
        DriverError(
            "verify", "the package \(quoted(name.text))",
            cause: "its SHA256 is \(found), which is not among CONTEXT_SHA256",
            remedy: "check where it comes from, and add the checksum if it is the right one")
    }

    /// Copies a file of this machine, of a server or of an ISO to a new one. Returns its path.
    private func copy(of place: Offer.Place, sha256: String?, as name: String, in directory: String) throws -> String {
        switch place {
        case .file(let path):
            try ContextPackage.checkFile(path)
            return try copy(try FileSource(path: path), sha256, name, directory)
        case .url(let url):
            return try copy(of: url, sha256, name, directory)
        case .entry(let disc, let entry):
            let path = joined(directory, name)
            unlink(path)
            try disc.extract(entry, to: path)
            return path
        }
    }

    /// Copies what has been kept of an earlier export, or else fetches it.
    private func copy(of url: WebURL, _ sha256: String?, _ name: String, _ directory: String) throws -> String {
        let cache = ContextCache(request)
        if let sha256, let kept = cache.package(sha256: sha256) {
            do {
                return try copy(try FileSource(path: kept), sha256, name, directory)
            } catch let error as DriverError {
                request.log.warning("it is fetched again: \(error)")
                cache.remove(sha256: sha256)
            }
        }
        request.log.info("fetching \(quoted(url))")
        let path = try startingOver(request.log) {
            try copy(try HTTPSource(url, request, isOfCatalog: true), sha256, name, directory)
        }
        if let sha256 { cache.keep(package: path, sha256: sha256) }
        return path
    }

    private func copy(
        _ source: any ImageSource, _ sha256: String?, _ name: String, _ directory: String
    ) throws -> String {
        let sink = try LocalDirectory(path: directory, log: request.log).makeSink(
            ImageNames(name), mode: 0o600, needing: source.storageSize)
        let expected = sha256.map { ExpectedDigests(sha256: $0) } ?? ExpectedDigests()
        _ = try ImageCopy(source, expected: expected, computesMD5: false, log: request.log).run(into: sink)
        return joined(directory, try sink.publish())
    }
}
