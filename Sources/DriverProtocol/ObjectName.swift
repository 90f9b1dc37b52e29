/// The name of an object in log lines: `app 7 "Ubuntu 24.04"`. oned's log shows nothing else of it.
package struct ObjectName: Sendable, Equatable, CustomStringConvertible {
    /// The longest name that is shown, in Unicode scalars: names come from users and from catalogs.
    static let limit = 64

    /// In the order in which they are looked for: a message about an app also names its marketplace.
    private static let kinds = [
        ("MARKETPLACEAPP", "app"), ("IMAGE", "image"), ("MARKETPLACE", "marketplace"), ("DATASTORE", "datastore"),
    ]

    package let description: String

    /// - Parameter kind: OpenNebula's word for it: `app`.
    package init(kind: String, id: Int, name: String? = nil) {
        let shown = name.map { oneLine($0.replacing("\"", with: "'"), limit: Self.limit) }
        description = "\(kind) \(id)" + (shown.map { " \"\($0)\"" } ?? "")
    }

    /// The object that `message` is about, or nil if it has none with an id.
    package init?(_ message: Message) {
        for (element, kind) in Self.kinds {
            guard let id = message.text(at: element + "/ID").flatMap({ Int($0) }) else { continue }
            self.init(kind: kind, id: id, name: message.text(at: element + "/NAME"))
            return
        }
        return nil
    }
}
