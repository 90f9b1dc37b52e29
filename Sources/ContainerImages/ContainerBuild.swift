import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// Makes a disk image of a container's root file system, as an ordinary user: a namespace, or else fakeroot(1), has the
/// owners, modes and devices that only root could give, and mke2fs(8) or mkfs.xfs(8) puts them into the image.
struct ContainerBuild {
    let site: BuildSite
    let packages: ContextPackages
    let options: BuildOptions

    /// Builds the image out of a plain archive. Returns its path.
    func run(_ archive: PackedArchive.Plain) throws -> String {
        let image = site.image
        let (tree, told) = try contextualized(archive)
        if case let count = archive.attributes.incompleteFiles, count > 0 {
            site.log.warning(
                "\(count) files lose what Linux has no attributes for: flags, or access control lists of NFSv4")
        }
        let selection = told.isEmpty ? AttributeSelection(tree) : try tree.opened { AttributeSelection(tree) }
        site.log.info("making an \(image.fileSystem.rawValue) image of \(image.size) MB")
        let raw =
            switch image.fileSystem {
            case .ext4:
                try Ext4FileSystem(site: tree.site, tree: tree).make(
                    selection.kept(of: told, where: Ext4FileSystem.holds))
            case .xfs:
                // mke2fs(8) reads them by itself.
                try XFSFileSystem(site: tree.site, tree: tree).make(
                    selection.kept(of: try withFiles(told, tree), where: XFSDatabase.holds))
            }
        guard image.format == .qcow2 else { return raw }
        site.log.info("converting the image to qcow2")
        let converted = site.file("image.qcow2")
        try QemuImage.convert(raw, from: "raw", to: converted, in: "qcow2")
        unlink(raw)
        return converted
    }

    /// Returns the attributes with those that files in a namespace have themselves.
    private func withFiles(_ told: [ExtendedAttribute], _ tree: ContainerTree) throws -> [ExtendedAttribute] {
        guard tree.site.namespace != nil else { return told }
        let own = try tree.attributes()
        func key(_ attribute: ExtendedAttribute) -> [UInt8] { attribute.path + [0] + Array(attribute.name.utf8) }
        let names = Set(own.map(key))
        return told.filter { !names.contains(key($0)) } + own
    }

    /// Returns the tree with its packages, and the extended attributes that it has beside those of its files.
    private func contextualized(_ archive: PackedArchive.Plain) throws -> (ContainerTree, [ExtendedAttribute]) {
        var site = site
        // Why the image's own package manager is not run.
        var obstacle = SubordinateIDs.Unavailable(reason: "", remedy: "")
        if packages.isOn {
            switch try options.namespace(site) {
            case .success(let namespace): site.namespace = namespace
            case .failure(let problem): obstacle = problem
            }
        }
        // The archive goes when the files are there, and they take about as much again in the image.
        try site.checkRoom(asFor: archive.path)
        site.log.info("unpacking \(quoted(site.image.url))")
        var tree = try ContainerTree(of: archive, site, name: "root")
        let attributes = archive.attributes.all
        let (plan, mirror) = try tree.opened { (try packages.installation(for: tree), options.mirror(for: tree)) }
        guard let installation = plan else {
            unlink(archive.path)
            return (tree, attributes)
        }
        if site.namespace != nil {
            let installer = try ContainerInstaller(tree, installation, mirror: mirror, options)
            guard let reason = try installer.obstacle() else {
                unlink(archive.path)
                return (tree, try installer.run(attributes))
            }
            try installer.refuse(reason)
            obstacle = SubordinateIDs.Unavailable(reason: reason, remedy: "use another image")
            site.namespace = nil
            tree = try ContainerTree(of: archive, site, name: "root-of-files")
        }
        unlink(archive.path)
        site.log.info("way of the build: files of packages are put in, nothing of the image is run")
        let completed = try completed(installation, tree, mirror, obstacle)
        let kept = try ContextMerge(tree: tree).install(completed, attributes: attributes)
        try tree.lockRoot()
        return (tree, kept)
    }

    /// Returns the installation with files in place of names: those of all packages that are needed, if the front-end
    /// can find out and fetch them. Throws if it cannot, unless the mode is to put in files.
    private func completed(
        _ installation: ContextInstallation, _ tree: ContainerTree, _ mirror: String?,
        _ obstacle: SubordinateIDs.Unavailable
    ) throws -> ContextInstallation {
        let download = PackageDownload(tree: tree, mirror: mirror ?? "", proxies: options.proxies)
        guard let needed = try download.files(for: installation) else {
            guard options.mode == .files || installation.names.isEmpty else {
                throw DriverError(
                    "install",
                    "\(installation.names.joined(separator: " ")) in the image of \(quoted(site.image.url))",
                    cause: "its own package manager cannot be run (\(obstacle.reason)), and this front-end has none "
                        + "that could fetch them",
                    remedy: obstacle.remedy + ", or set BUILD_MODE to files to do without them")
            }
            return installation
        }
        if !needed.isEmpty {
            let names = needed.map(\.name).joined(separator: " ")
            site.log.warning(
                "put in, but not configured, and unknown to the image's package manager: \(oneLine(names, limit: 600))")
        }
        return ContextInstallation(
            manager: installation.manager, files: needed + installation.files, names: [], extraNames: [],
            optional: [])
    }
}
