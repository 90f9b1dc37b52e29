import Bytes
import DriverProtocol
import HTTP
import Posix

/// What a marketplace's template says of the way in which packages get into its images.
struct BuildOptions {
    /// BUILD_MODE.
    enum Mode: String, CaseIterable {
        /// The first of the others that works here, and for the image.
        case auto
        /// The image's own package manager runs, in a user namespace.
        case namespace
        /// Nothing of the image runs: files of packages are put in.
        case files

        init(_ attributes: ContextAttributes) throws(DriverError) {
            let attribute = "BUILD_MODE"
            let text = attributes.value(attribute) ?? Mode.auto.rawValue
            guard let mode = Mode(rawValue: text.lowercased()) else {
                throw attributes.invalid(
                    attribute, "\(quoted(oneLine(text, limit: 100))) is no way to build an image",
                    remedy: "use " + Mode.allCases.map(\.rawValue).joined(separator: ", "))
            }
            self = mode
        }
    }

    let mode: Mode
    /// PACKAGE_MIRROR for an operating system's `ID` in os-release, in place of the beginning of its servers' URLs.
    private let mirrors: [String: String]
    /// The environment's variables for the proxies of the marketplace. They may hold passwords.
    let proxies: [String]

    /// Throws a ``DriverError`` for an attribute with a bad value.
    init(_ request: Request) throws(DriverError) {
        let attributes = ContextAttributes(request)
        mode = try Mode(attributes)
        mirrors = try Self.mirrors(attributes)
        let options = try HTTPOptions(request)
        let values = [("http_proxy", options.proxy), ("https_proxy", options.proxy), ("no_proxy", options.noProxy)]
        proxies = values.compactMap { name, value in value.map { name + "=" + $0 } }
    }

    /// Reads `debian=http://HOST/PATH rocky=…`.
    static func mirrors(_ attributes: ContextAttributes) throws(DriverError) -> [String: String] {
        var mirrors: [String: String] = [:]
        let attribute = "PACKAGE_MIRROR"
        for word in attributes.words(attribute) {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let url = WebURL(base: parts[1]), !parts[1].contains("@"),
                url.text.utf8.allSatisfy({ isVisible($0) && !"\"'\\`$;|<>(){}&#^".utf8.contains($0) })
            else {
                throw attributes.invalid(
                    attribute, "it has a word that is no ID=URL",
                    remedy: "write ID of the image's os-release and the mirror, as in debian=http://mirror.example.org")
            }
            mirrors[parts[0].lowercased()] = url.text
        }
        return mirrors
    }

    /// Returns the mirror for a container, or nil if it keeps its own servers.
    func mirror(for tree: ContainerTree) -> String? {
        guard !mirrors.isEmpty else { return nil }
        let id = Distribution(tree).id
        if mirrors[id] == nil {
            tree.site.log.info("PACKAGE_MIRROR has none for \(quoted(id)): the image's own package servers are asked")
        }
        return mirrors[id]
    }

    /// Returns the namespace in which images are built, or why there is none for this user. Throws if the mode asks for
    /// one that there is not.
    func namespace(_ site: BuildSite) throws -> Result<UserNamespace, SubordinateIDs.Unavailable> {
        guard mode != .files else {
            return .failure(SubordinateIDs.Unavailable(reason: "BUILD_MODE is files", remedy: "set it to auto"))
        }
        do {
            let namespace = UserNamespace(ids: try SubordinateIDs.current())
            try site.check(namespace)
            return .success(namespace)
        } catch let problem as SubordinateIDs.Unavailable {
            guard mode == .auto else {
                throw site.failure("BUILD_MODE is \(mode.rawValue), but \(problem.reason)", remedy: problem.remedy)
            }
            site.log.info("there is no user namespace for the build: \(problem.reason); \(problem.remedy)")
            return .failure(problem)
        }
    }
}

extension BuildSite {
    /// Throws ``SubordinateIDs/Unavailable`` if programs cannot be run in the namespace.
    fileprivate func check(_ namespace: UserNamespace) throws {
        do {
            let result = try run(namespace.command(["true"]), package: "util-linux")
            guard !result.status.isSuccess else { return }
            throw SubordinateIDs.Unavailable(
                reason: oneLine(result.reason, limit: 200),
                remedy: "allow user namespaces (user.max_user_namespaces, AppArmor, the container's own rules)")
        } catch let error as DriverError {
            throw SubordinateIDs.Unavailable(reason: error.cause, remedy: error.remedy)
        }
    }
}
