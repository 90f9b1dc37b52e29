import DriverProtocol
import Glibc
import Posix

/// Fetches what packages need, with the front-end's own package manager and the lists and keys that the container's has.
/// Nothing of the container is run, and its configuration of the package manager, which could name programs, is not
/// read.
struct PackageDownload {
    /// Bytes.
    private static let keyLimit = 4 << 20

    let tree: ContainerTree
    let mirror: String
    let proxies: [String]

    var site: BuildSite { tree.site }
    /// The directory of the download.
    var place: String { site.file("download") }
    /// The directory that the packages' files come into.
    var archives: String { joined(place, "archives") }

    /// Returns the files of the packages that are missing in the container for these, or nil if this front-end has no
    /// package manager of that kind. Throws what the package manager says if it cannot get them.
    func files(for installation: ContextInstallation) throws -> [ContextFile]? {
        let isFetched: Bool
        switch installation.manager {
        case .apt: isFetched = try fetchDebian(installation)
        case .dnf, .yum: isFetched = try fetchWithDNF(installation)
        case .zypper: isFetched = try fetchWithZypper(installation)
        case .apk: isFetched = false
        }
        return isFetched ? try fetched() : nil
    }

    private func fetched() throws -> [ContextFile] {
        let result = try site.run(
            ["find", archives, "-type", "f", "-name", "*.[dr][ep][bm]", "-print0"], package: "findutils")
        guard result.status.isSuccess else { throw failure("find", "the packages", result.reason) }
        return result.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.sorted().map { path in
            ContextFile(path: path, name: path.split(separator: "/").last.map(String.init) ?? path)
        }
    }

    /// Copies a file of keys of the container, as the container sees it, to `name` of the download. Returns its path
    /// below the work directory, or nil if there is none.
    func copyKeys(_ path: String, to name: String) throws -> String? {
        guard let bytes = tree.bytes(of: path, limit: Self.keyLimit) else { return nil }
        _ = try site.write(bytes, to: "download/" + name)
        return "download/" + name
    }

    /// Makes directories below the download's.
    func makeDirectories(_ names: String...) throws {
        let result = try site.run(["mkdir", "-p", "--"] + names.map { joined(place, $0) }, package: "coreutils")
        guard result.status.isSuccess else {
            throw site.failure("it cannot be prepared: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
    }

    /// What is asked for, in an error.
    func title(_ installation: ContextInstallation) -> String {
        (installation.names + installation.files.map(\.name)).joined(separator: " ")
    }

    /// The error of a package manager, in its own words.
    func failure(_ program: String, _ object: String, _ said: String) -> DriverError {
        site.fullDisk(said)
            ?? DriverError(
                "fetch", "\(object) for the image of \(quoted(site.image.url))", cause: "\(program) says: \(said)",
                remedy: "check the server and the proxy, name another with PACKAGE_MIRROR, or set CONTEXT = \"NO\"")
    }
}
