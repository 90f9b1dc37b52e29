import DriverProtocol

/// The attributes that tell which packages containers get: a marketplace's own, else those of the settings, which hold
/// for all marketplaces, and for images that are registered or downloaded without one.
struct ContextAttributes {
    /// All of them: `contextNames` of the settings.
    static let inputs: [Input] = [
        .optional(
            path + "CONTEXT", default: "YES",
            "`YES` installs OpenNebula's context packages, `NO` leaves the images unchanged."),
        .optional(
            path + "CONTEXT_URL", "Source of the context packages: the URL of a release or of a mirror.",
            otherwise: "GitHub's API"),
        .optional(path + "CONTEXT_VERSION", "Version of the context packages.", otherwise: "the newest"),
        .optional(
            path + "CONTEXT_PACKAGES", "Context packages to use instead of a release: files, URLs, or an ISO of them."),
        .optional(
            path + "CONTEXT_SHA256", "Allowed SHA-256 digests of the context packages, separated by spaces.",
            otherwise: "those of the release"),
        .optional(
            path + "CONTEXT_EXTRA_PACKAGES", "More packages of the distribution to install, separated by spaces."),
        .optional(
            path + "BUILD_MODE", default: "auto",
            "How packages are installed: `namespace`, `files`, or `auto` for the first of them that works."),
        .optional(
            path + "PACKAGE_MIRROR",
            "Package mirrors for the build, separated by spaces: `debian=http://mirror.example`."),
    ]
    private static let path = "MARKETPLACE/TEMPLATE/"
    /// These say one thing together: a marketplace that has one of them takes none from the settings.
    private static let origins = ["CONTEXT_PACKAGES", "CONTEXT_URL", "CONTEXT_VERSION"]

    private let message: Message
    private let settings: [String: String]

    init(_ request: Request) {
        message = request.message
        var settings = request.settings.context
        if Self.origins.contains(where: { Self.stated($0, in: request.message) != nil }) {
            for name in Self.origins { settings[name] = nil }
        }
        self.settings = settings
    }

    /// Returns the value of an attribute, or nil if it is missing or only white space.
    func value(_ name: String) -> String? {
        Self.stated(name, in: message) ?? settings[name].flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
    }

    private static func stated(_ name: String, in message: Message) -> String? {
        inputs.first { $0.name == name }.flatMap { message.stated($0) }
    }

    /// Returns the words of a list divided by white space; none if the attribute is missing.
    func words(_ name: String) -> [String] {
        (value(name) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Returns a YES or NO. Throws as ``Message/flag(_:default:)`` does.
    func flag(_ name: String, default standard: Bool) throws(DriverError) -> Bool {
        guard let text = value(name) else { return standard }
        guard let flag = Message.flag(text) else {
            throw invalid(name, "\(quoted(oneLine(text, limit: 100))) is neither YES nor NO", remedy: "write YES or NO")
        }
        return flag
    }

    /// Returns the error of an attribute that cannot be used.
    func invalid(_ name: String, _ cause: String, remedy: String) -> DriverError {
        let isSetting = Self.stated(name, in: message) == nil && settings[name] != nil
        return DriverError(
            "use", isSetting ? "\(name) of market-drivers.conf" : Self.path + name, cause: cause, remedy: remedy)
    }
}
