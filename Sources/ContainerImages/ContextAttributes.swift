import DriverProtocol

/// The attributes that tell which packages containers get: a marketplace's own, else those of the settings, which hold
/// for all marketplaces, and for images that are registered or downloaded without one.
struct ContextAttributes {
    /// All of them: `contextNames` of the settings.
    static let inputs: [Input] = [
        .optional(
            path + "CONTEXT", default: "YES", "`YES` contextualizes the images, `NO` leaves them as they are."),
        .optional(
            path + "CONTEXT_URL", "Where OpenNebula's packages come from: a release, or a mirror of one.",
            otherwise: "GitHub's API"),
        .optional(path + "CONTEXT_VERSION", "The release.", otherwise: "the newest"),
        .optional(
            path + "CONTEXT_PACKAGES", "Files or URLs of these packages, or an ISO of them, in place of a release."),
        .optional(
            path + "CONTEXT_SHA256", "The SHA-256 that they must have, one for each, separated by spaces.",
            otherwise: "what the release says"),
        .optional(
            path + "CONTEXT_EXTRA_PACKAGES", "Packages of the distribution that are installed besides."),
        .optional(
            path + "BUILD_MODE", default: "auto",
            "How packages get into an image: `namespace`, `files`, or the first that works."),
        .optional(
            path + "PACKAGE_MIRROR",
            "Servers of packages while an image is built, as in `debian=http://mirror.example`."),
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
