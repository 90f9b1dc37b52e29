import DriverProtocol

/// The requests of oned to a marketplace driver.
enum Verb: String, CaseIterable, Sendable {
    case importApp = "IMPORT"
    case delete = "DELETE"
    case monitor = "MONITOR"

    /// The name of its executable below `market/NAME/`.
    var action: String { rawValue.lowercased() }

    /// The remedy if a request was ended before it was done: oned drops an app however its DELETE ends.
    var remedyOfEnding: String {
        switch self {
        case .importApp: "create the app again if it is still wanted"
        case .delete: "remove what is left of the app by hand"
        case .monitor: "oned repeats it by itself"
        }
    }

    /// Returns the name in log lines of the object with that id; the message may have its own name.
    func object(_ id: Int, _ message: Message? = nil) -> ObjectName {
        let (name, kind) = self == .monitor ? (Input.marketplaceName, "marketplace") : (.appName, "app")
        return ObjectName(kind: kind, id: id, name: message?.value(name))
    }
}
