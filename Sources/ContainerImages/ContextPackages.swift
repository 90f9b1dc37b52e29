import Checksums
import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// Puts the packages of CONTEXT_PACKAGES that fit into a container's tree. Nothing that comes with the image or with a
/// package is run.
struct ContextPackages {
    let packages: [ContextPackage]
    let request: Request

    init(_ request: Request) throws(DriverError) {
        packages = try ContextPackage.list(request.message)
        self.request = request
    }

    /// Installs them. Returns the extended attributes of all files in the tree; `attributes` were there before.
    func install(
        into tree: ContainerTree, attributes: [ExtendedAttribute]
    ) throws -> [ExtendedAttribute] {
        let log = request.log
        guard !packages.isEmpty else {
            log.info("no CONTEXT_PACKAGES are set: the image is built as it is")
            return attributes
        }
        let distribution = Distribution(tree)
        let fitting = distribution.fitting(packages)
        guard !fitting.isEmpty else {
            log.warning("none of the CONTEXT_PACKAGES fits \(oneLine(distribution.title, limit: 100)): none is put in")
            return attributes
        }
        var attributes = attributes
        for (number, package) in fitting.enumerated() {
            log.info("putting in \(quoted(package.location))")
            try put(package, number: number, into: tree, &attributes)
        }
        try ContextServices(tree: tree).enable()
        return attributes.filter { attribute in
            // No package has names that are no text: those files are still there.
            guard let name = String(validating: attribute.path, as: UTF8.self) else { return true }
            return (try? FileStatus(path: joined(tree.path, name), followLinks: false)) != nil
        }
    }

    private func put(
        _ package: ContextPackage, number: Int, into tree: ContainerTree,
        _ attributes: inout [ExtendedAttribute]
    ) throws {
        let site = tree.site
        let name = "\(package.location)"
        let archive = try package.kind.plain(fetch(package, number: number, site), of: name, in: site)
        let files = try ContainerTree(site, name: "package-\(number)-files")
        try files.unpack(archive.path, of: name)
        unlink(archive.path)
        var merge = TreeMerge(tree: tree, files: files, name: name)
        try merge.walk(skipsControlFiles: package.kind == .apk)
        attributes.removeAll { merge.replaced.contains($0.shownPath) }
        attributes += archive.attributes.all.compactMap { attribute in
            tree.place(of: attribute.shownPath).map {
                ExtendedAttribute(path: Array($0.utf8), name: attribute.name, value: attribute.value)
            }
        }
        try merge.changes.apply(in: site)
    }

    /// Makes a verified copy in the work directory. Returns its path.
    private func fetch(_ package: ContextPackage, number: Int, _ site: BuildSite) throws -> String {
        if package.isLocal { try checkRegular(package.location.text) }
        return try startingOver(request.log) {
            let source: any ImageSource =
                try package.isLocal
                ? FileSource(path: package.location.text) : HTTPSource(ofCatalog: package.location, request)
            let sink = try LocalDirectory(path: site.directory.path, log: request.log).makeSink(
                ImageNames("package-\(number)"), mode: 0o600, needing: source.storageSize)
            let expected = package.sha256.map { ExpectedDigests(sha256: $0) } ?? ExpectedDigests()
            _ = try ImageCopy(source, expected: expected, computesMD5: false, log: request.log).run(into: sink)
            return site.file(try sink.publish())
        }
    }

    private func checkRegular(_ path: String) throws {
        do {
            let status = try FileStatus(path: path)
            guard !status.isRegularFile else { return }
            throw DriverError(
                "read", "the package \(quoted(path))", cause: "it is \(status.kind)", remedy: "name a regular file")
        } catch let error as SystemError {
            throw DriverError("read", "the package \(quoted(path))", error)
        }
    }
}
