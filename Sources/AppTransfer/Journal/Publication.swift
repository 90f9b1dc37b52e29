import DriverProtocol

/// The identity of a published image.
package struct Publication: Equatable, Sendable {
    /// The file's name or the object's key.
    package let name: String
    /// Distinguishes this attempt from another one with the same name; empty if no other can have it.
    package let attempt: String

    package init(name: String, attempt: String = "") {
        self.name = name
        self.attempt = attempt
    }

    /// The content of a journal's file.
    var text: String {
        var template = Template()
        template.append("NAME", name)
        template.append("ATTEMPT", attempt)
        return template.text
    }

    /// Reads such a content. Returns nil if it is none.
    init?(text: String) {
        guard let template = try? Template(parsing: text), let name = template["NAME"], !name.isEmpty else {
            return nil
        }
        self.init(name: name, attempt: template["ATTEMPT"] ?? "")
    }
}
