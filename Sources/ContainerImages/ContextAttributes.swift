import DriverProtocol

/// The attributes that tell which packages containers get: a marketplace's own, else those of the settings, which hold
/// for all marketplaces, and for images that are registered or downloaded without one.
struct ContextAttributes {
    private static let path = "MARKETPLACE/TEMPLATE/"
    /// These say one thing together: a marketplace that has one of them takes none from the settings.
    private static let origins = ["CONTEXT_PACKAGES", "CONTEXT_URL", "CONTEXT_VERSION"]

    private let message: Message
    private let settings: [String: String]

    init(_ request: Request) {
        message = request.message
        var settings = request.settings.context
        if Self.origins.contains(where: { request.message.value(Self.path + $0) != nil }) {
            for name in Self.origins { settings[name] = nil }
        }
        self.settings = settings
    }

    /// Returns the value of an attribute, or nil if it is missing or only white space.
    func value(_ name: String) -> String? {
        message.value(Self.path + name) ?? settings[name].flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
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
        let isSetting = message.value(Self.path + name) == nil && settings[name] != nil
        return DriverError(
            "use", isSetting ? "\(name) of market-drivers.conf" : Self.path + name, cause: cause, remedy: remedy)
    }
}
