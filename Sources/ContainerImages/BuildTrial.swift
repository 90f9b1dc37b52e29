import DriverProtocol
import Glibc
import HTTP
import ImageTransfer
import Posix

/// Looks at what images are built with on this front-end, without building one. Nothing is left.
package struct BuildTrial {
    /// A program, and the package that has it.
    private struct Program {
        let name: String
        let package: String

        init(_ name: String, _ package: String) {
            (self.name, self.package) = (name, package)
        }

        var isMissing: Bool { !isInstalled(name, path: BuildSite.searchPath) }

        static func list(_ programs: [Program]) -> String {
            programs.map { "\($0.name) (package \($0.package))" }.joined(separator: ", ")
        }
    }

    private let request: Request
    private let image: ContainerImage
    private let context: ContextOptions
    private let options: BuildOptions
    private var staging: String { request.settings.stagingDirectory }

    /// - Parameter image: of the kind that the marketplace's apps are; its URL does not matter.
    package init(_ request: Request, _ image: ContainerImage) throws(DriverError) {
        self.request = request
        self.image = image
        context = try ContextOptions(request)
        options = try BuildOptions(request)
    }

    // MARK: Programs

    /// Those that every image needs.
    private var needed: [Program] {
        var programs = [
            Program("fakeroot", "fakeroot"), Program("tar", "tar"), Program("xz", "xz-utils"),
            Program("find", "findutils"),
        ]
        switch image.fileSystem {
        case .ext4: programs += [Program("mke2fs", "e2fsprogs"), Program("debugfs", "e2fsprogs")]
        case .xfs:
            programs += ["mkfs.xfs", "xfs_db", "xfs_repair"].map { Program($0, "xfsprogs") }
        }
        return programs + (image.format == .qcow2 ? [Program("qemu-img", "qemu-utils")] : [])
    }

    /// Those that some images need.
    private var useful: [Program] {
        let ofPackages = [Program("dpkg-deb", "dpkg"), Program("rpm2archive", "rpm"), Program("gzip", "gzip")]
        let ofAttributes = image.fileSystem == .xfs && context.isOn ? [Program("getfattr", "attr")] : []
        return [Program("sqfs2tar", "squashfs-tools-ng")] + (context.isOn ? ofPackages : []) + ofAttributes
    }

    /// Throws a ``DriverError`` if a program is missing that every image needs.
    package func programs() throws(DriverError) -> Finding {
        let missing = needed.filter(\.isMissing)
        guard missing.isEmpty else {
            throw DriverError(
                "build", "images", cause: "a program is missing: \(Program.list(missing))",
                remedy: "install what is missing on this machine")
        }
        let lacking = useful.filter(\.isMissing)
        return lacking.isEmpty
            ? .works("all are there that images are built with")
            : .note("some images need what is missing: \(Program.list(lacking))")
    }

    // MARK: STAGING_DIR

    /// Throws a ``DriverError`` if no work directory can be made in STAGING_DIR.
    package func stagingDirectory() throws -> Finding {
        let space = try LocalDirectory(path: staging, log: request.log).space()
        _ = try WorkDirectory(in: staging)
        let room = space.isKnown ? "\(space.available >> 20) MB are free" : "its file system does not tell its size"
        guard !space.isKnown || space.available >> 20 >= image.size else {
            return .note("\(staging): \(room), and an image may take \(image.size) MB (IMAGE_SIZE_MB)")
        }
        guard allowsPrograms(on: staging) else {
            return .note("\(staging): \(room); it is mounted with noexec, and programs of images cannot run there")
        }
        return .works("\(staging): \(room)")
    }

    // MARK: Packages

    /// A new work directory, for programs that are run. Their lines are in no log.
    private func site() throws -> BuildSite {
        BuildSite(directory: try WorkDirectory(in: staging), image: image, log: Log(action: "", id: "") { _ in })
    }

    /// How packages get into images: BUILD_MODE. Throws a ``DriverError`` if it asks for a way that cannot be gone.
    package func way() throws -> Finding {
        guard context.isOn else { return .works("CONTEXT is NO: nothing is installed in images") }
        switch try options.namespace(site()) {
        case .success(let namespace):
            return .works(
                "the image's package manager, in a user namespace with the ids from \(namespace.ids.firstUser) on")
        case .failure(let obstacle):
            let managers = ["apt-get", "dnf", "zypper"].filter { isInstalled($0, path: BuildSite.searchPath) }
            let fetching =
                managers.isEmpty
                ? "no apt-get, dnf or zypper is here to fetch what they depend on"
                : "\(managers.joined(separator: ", ")) can fetch what they depend on"
            let what = "files of packages; \(fetching)"
            return options.mode == .files && !managers.isEmpty
                ? .works(what) : .note("\(what). No user namespace: \(obstacle.reason); \(obstacle.remedy)")
        }
    }

    /// Whether OpenNebula's packages can be had. Throws a ``DriverError`` if they cannot.
    package func packages() throws -> Finding {
        switch context.choice {
        case .none: return .works("CONTEXT is NO: none are needed")
        case .listed(let packages):
            for package in packages { try look(at: package) }
            return .works("\(counted(packages.count, "file")) of CONTEXT_PACKAGES can be read")
        case .published(.directory(let url, let version)):
            let name = ContextPackageName.fileName(kind: .deb, target: "", version: version)
            return try status(of: url.appending("/" + name)) == 404
                ? .note("\(url) has no \(name): check CONTEXT_URL and CONTEXT_VERSION")
                : .works("\(url) has \(name)")
        case .published(.release(let pages)):
            let release = try ContextRelease.ask(pages, request, isPatient: false).release
            return .works("the release \(release.tag) has \(release.assets.count) packages")
        }
    }

    private func look(at package: ContextPackage) throws {
        let location = package.location
        if let url = WebURL(location.text) {
            guard try status(of: url) != 404 else {
                throw DriverError(
                    "read", "the package \(quoted(location))", cause: "the server does not have it",
                    remedy: "correct CONTEXT_PACKAGES")
            }
        } else {
            try ContextPackage.checkFile(location.text)
            guard package.name == nil else { return }
            _ = try ContextDisc(path: location.text, name: location.text, site: site()).entries()
        }
    }

    /// Returns the status of what a server has: success, or that there is no such thing. Throws for all else.
    private func status(of url: WebURL) throws -> Int {
        let client = HTTPClient(options: try HTTPOptions(ofCatalog: request), log: request.log)
        let response = try client.answer(from: url, headers: ["Range": "bytes=0-0"], bodyLimit: 64 << 20)
        guard response.isSuccess || response.status == 404 else { throw response.error(.get, url) }
        return response.status
    }
}
