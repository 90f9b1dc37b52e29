import DriverProtocol
import Glibc
import Posix

/// Puts the files of OpenNebula's packages into a container's tree, without the distribution's package manager. Nothing
/// that comes with the image or with a package is run.
struct ContextMerge {
    let tree: ContainerTree

    /// Puts the packages in. Returns the extended attributes of all files in the tree; `attributes` were there before.
    func install(
        _ installation: ContextInstallation, attributes: [ExtendedAttribute]
    ) throws -> [ExtendedAttribute] {
        let log = tree.site.log
        if !installation.names.isEmpty {
            log.warning(
                "the packages of the distribution are not installed, without which parts of the contextualization do "
                    + "nothing: \(installation.names.joined(separator: " "))")
        }
        log.info("putting in the files of \(counted(installation.files.count, "package"))")
        var attributes = attributes
        for (number, file) in installation.files.enumerated() {
            guard let kind = ContextPackageName.kind(of: file.name) else { continue }
            try put(file, of: kind, number: number, &attributes)
        }
        try ContextServices(tree: tree).enable()
        return attributes.filter { attribute in
            // No package has names that are no text: those files are still there.
            guard let name = String(validating: attribute.path, as: UTF8.self) else { return true }
            return (try? FileStatus(path: joined(tree.path, name), followLinks: false)) != nil
        }
    }

    private func put(
        _ file: ContextFile, of kind: PackedArchive, number: Int, _ attributes: inout [ExtendedAttribute]
    ) throws {
        let site = tree.site
        let archive = try kind.plain(file.path, of: file.name, in: site)
        let files = try ContainerTree(site, name: "package-\(number)-files")
        try files.unpack(archive.path, of: file.name)
        unlink(archive.path)
        var merge = TreeMerge(tree: tree, files: files, name: file.name)
        try merge.walk(skipsControlFiles: kind == .apk)
        attributes.removeAll { merge.replaced.contains($0.shownPath) }
        attributes += archive.attributes.all.compactMap { attribute in
            tree.place(of: attribute.shownPath).map {
                ExtendedAttribute(path: Array($0.utf8), name: attribute.name, value: attribute.value)
            }
        }
        try merge.changes.apply(in: site)
    }
}
