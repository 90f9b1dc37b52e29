import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// Makes a disk image of a container's root file system, as an ordinary user: fakeroot(1) remembers the owners, modes
/// and devices that only root could give, and mke2fs(8) or mkfs.xfs(8) puts them into the image.
struct ContainerBuild {
    let site: BuildSite
    let packages: ContextPackages

    /// Builds the image out of a plain archive. Returns its path.
    func run(_ archive: PackedArchive.Plain) throws -> String {
        let image = site.image
        let tree = try ContainerTree(site, name: "root")
        site.log.info("unpacking \(quoted(image.url))")
        try tree.unpack(archive.path, of: "\(image.url)")
        unlink(archive.path)
        var told = archive.attributes.all
        if let installation = try packages.installation(for: tree) {
            told = try ContextMerge(tree: tree).install(installation, attributes: told)
        }
        if case let count = archive.attributes.incompleteFiles, count > 0 {
            site.log.warning(
                "\(count) files lose what Linux has no attributes for: flags, or access control lists of NFSv4")
        }
        let selection = AttributeSelection(tree)
        site.log.info("making an \(image.fileSystem.rawValue) image of \(image.size) MB")
        let raw =
            switch image.fileSystem {
            case .ext4:
                try Ext4FileSystem(site: site, tree: tree).make(selection.kept(of: told, where: Ext4FileSystem.holds))
            case .xfs:
                try XFSFileSystem(site: site, tree: tree).make(selection.kept(of: told, where: XFSDatabase.holds))
            }
        guard image.format == .qcow2 else { return raw }
        site.log.info("converting the image to qcow2")
        let converted = site.file("image.qcow2")
        try QemuImage.convert(raw, from: "raw", to: converted, in: "qcow2")
        unlink(raw)
        return converted
    }
}
