import Catalog
import Checksums
import DriverProtocol
import JSON

/// An app as the server of a marketplace describes it at `/appliance`.
struct Appliance {
    typealias Unusable = AppReport.Unusable

    /// The members that are used here; the long description and the logo, for example, are not.
    static let members: [StaticString] = [
        "_id", "name", "type", "publisher", "format", "short_description", "version", "tags", "creation_time",
        "os-arch", "hypervisor", "files", "disks", "roles", "opennebula_template",
    ]

    enum Kind: String {
        case image = "IMAGE"
        case vmTemplate = "VMTEMPLATE"
        case serviceTemplate = "SERVICE_TEMPLATE"
    }

    private let value: JSONValue
    private let id: String
    private let kind: Kind
    private let endpoint: WebURL
    private let names: AppNames
    private let platform: Platform
    /// The name in OpenNebula.
    let name: String

    /// Throws if a member that every app needs is missing or unusable.
    init(_ value: JSONValue, endpoint: WebURL, names: AppNames) throws(Unusable) {
        guard value.kind == .object else { throw Unusable("it is no JSON object") }
        guard let id = Self.id(of: value) else { throw Unusable("it has no _id") }
        guard isSafeInURL(id), !id.utf8.contains(UInt8(ascii: "/")), id.utf8.count <= 128, id != ".", id != ".." else {
            throw Unusable("its _id has characters that a URL cannot have")
        }
        guard let title = value["name"]?.scalar, let name = names.name(for: title) else {
            throw Unusable("it has no name")
        }
        // The catalog has no type for an image.
        let type = value["type"]?.scalar ?? Kind.image.rawValue
        guard let kind = Kind(rawValue: type.uppercased()) else {
            throw Unusable("its type \(quoted(oneLine(type, limit: 40))) is not known")
        }
        self.value = value
        self.id = id
        self.kind = kind
        self.endpoint = endpoint
        self.names = names
        self.platform = Platform(
            hypervisor: Self.words(value["hypervisor"]), architecture: Self.words(value["os-arch"]))
        self.name = name
    }

    /// Returns the id in `{"_id": {"$oid": "…"}}`, as MongoDB writes it, or in the text alone, or nil if there is none.
    static func id(of value: JSONValue) -> String? {
        guard let id = value["_id"], let text = id["$oid"]?.scalar ?? id.scalar, !text.isEmpty else { return nil }
        return text
    }

    func passes(_ filter: AppFilter) -> Bool {
        filter.isEmpty
            || filter.passes(
                type: kind.rawValue, architectures: platform.architectures, tags: words("tags"),
                name: value["name"]?.scalar ?? "")
    }

    /// Returns the app's template. `warn` gets everything that had to be left out of it.
    func template(warn: (String) -> Void) throws(Unusable) -> AppTemplate {
        var app = AppTemplate()
        let link = endpoint.text + "/appliance/" + id
        try app.append("NAME", name)
        try app.append("SOURCE", link + "/download/0")
        try app.append("IMPORT_ID", id)
        try app.append("ORIGIN_ID", "-1")
        try app.append("TYPE", kind.rawValue)
        try append("PUBLISHER", "publisher", to: &app)
        try append("FORMAT", "format", to: &app)
        try append("DESCRIPTION", "short_description", to: &app)
        try append("VERSION", "version", to: &app)
        try app.append("TAGS", optional: list(words("tags")))
        try app.append("REGTIME", optional: registrationTime)
        try app.append("LINK", link)
        try app.append("ARCHITECTURE", optional: list(platform.architectures))
        try app.append("HYPERVISOR", optional: list(platform.hypervisors))
        switch kind {
        case .image: try appendImage(to: &app, warn: warn)
        case .vmTemplate: try appendVMTemplate(to: &app, warn: warn)
        case .serviceTemplate: try appendServiceTemplate(to: &app)
        }
        return app
    }

    // MARK: By type

    private func appendImage(to app: inout AppTemplate, warn: (String) -> Void) throws(Unusable) {
        if let file = value["files"]?.elements.first, file.kind == .object {
            let size = file["size"]?.scalar.flatMap(Self.wholeNumber) ?? 0
            try app.append("SIZE", String(size.megabytesRoundedUp))
            try app.append("MD5", optional: try checksum(file, "md5", .md5))
            let sha256 = try checksum(file, "sha256", .sha256)
            try app.append("SHA256", optional: sha256)
            var image = AppTemplate()
            try append("DEV_PREFIX", file["dev_prefix"], to: &image)
            try append("TYPE", file["type"], to: &image)
            // oned puts it into the image's template, where `cp` finds it. The MD5 arrives there as FROM_APP_MD5. As
            // MD5, the stock export of a Ceph datastore would take it for that of the image made of the file.
            try image.append("SHA256", optional: sha256)
            app.append("APPTEMPLATE64", encoded: image)
        }
        do {
            if let machine = try machineTemplate(warn: warn) { app.append("VMTEMPLATE64", encoded: machine) }
        } catch {
            // The image can be used without it.
            warn("it comes without a VM template: \(error.reason)")
        }
    }

    private func appendVMTemplate(to app: inout AppTemplate, warn: (String) -> Void) throws(Unusable) {
        try app.append("SIZE", "0")
        for (position, disk) in elements("disks").enumerated() {
            guard let title = disk.scalar, let name = names.name(for: title) else {
                throw Unusable("one of its disks has no name")
            }
            app.beginVector("DISK")
            try app.append("NAME", try diskName(position, title))
            try app.append("APP", name)
            app.endVector()
        }
        if let machine = try machineTemplate(warn: warn) { app.append("APPTEMPLATE64", encoded: machine) }
    }

    /// Returns the same name in each run: an app changes only when its catalog does.
    private func diskName(_ position: Int, _ title: String) throws(Unusable) -> String {
        guard let digest = try? Digest.of("\(id):\(position):\(title)", .md5) else {
            throw Unusable("no checksum can be computed for its disks' names")
        }
        return String(decoding: digest.utf8.prefix(10), as: UTF8.self)
    }

    private func appendServiceTemplate(to app: inout AppTemplate) throws(Unusable) {
        try app.append("SIZE", "0")
        for role in value["roles"].map({ Array($0.members) }) ?? [] {
            let label = role.name.text ?? ""
            guard let title = role.value.scalar, let name = names.name(for: title) else {
                throw Unusable("its role \(quoted(oneLine(label, limit: 40))) has no app")
            }
            app.beginVector("ROLE")
            try app.append("NAME", label)
            try app.append("APP", name)
            app.endVector()
        }
        // OneFlow reads JSON: it is passed on unchanged.
        guard let template else { return }
        guard let text = template.utf8 else { throw Unusable("its template is no text") }
        app.append("APPTEMPLATE64", encoded: text)
        guard template.document({ $0?.kind == .object }) else { throw Unusable("its template is no JSON object") }
    }

    private func machineTemplate(warn: (String) -> Void) throws(Unusable) -> AppTemplate? {
        guard let template else { return nil }
        func machine(_ object: JSONValue?) throws(Unusable) -> AppTemplate {
            guard let object, object.kind == .object else { throw Unusable("its template is no JSON object") }
            return try MachineTemplate(object, platform).template(warn: warn)
        }
        // A text with JSON in it, as in the catalog; or the object itself.
        return template.kind == .object ? try machine(template) : try template.document(machine)
    }

    /// The template, or nil if there is none.
    private var template: JSONValue? {
        guard let template = value["opennebula_template"], template.kind != .null else { return nil }
        return template.utf8.map(\.isEmpty) == true ? nil : template
    }

    // MARK: Values

    /// Appends the member as text, if there is one.
    private func append(_ name: StaticString, _ member: StaticString, to app: inout AppTemplate) throws(Unusable) {
        guard value[member]?.kind == .array else { return try append(name, value[member], to: &app) }
        try app.append(name, optional: list(words(member)))
    }

    private func append(_ name: StaticString, _ value: JSONValue?, to app: inout AppTemplate) throws(Unusable) {
        if let text = value?.utf8, !text.isEmpty { try app.append(name, text) }
    }

    private func list(_ words: [String]) -> String? {
        let text = words.joined(separator: ", ")
        return text.isEmpty ? nil : text
    }

    private func elements(_ name: StaticString) -> [JSONValue] {
        value[name].map { Array($0.elements) } ?? []
    }

    private func words(_ member: StaticString) -> [String] { Self.words(value[member]) }

    /// Returns the texts of a list, or the one text in place of a list.
    private static func words(_ value: JSONValue?) -> [String] {
        guard let value else { return [] }
        let texts = value.kind == .array ? value.elements.compactMap(\.scalar) : [value.scalar].compactMap { $0 }
        return texts.filter { !$0.isEmpty }
    }

    /// Seconds since 1970.
    private var registrationTime: String? {
        value["creation_time"]?.scalar.flatMap(Self.wholeNumber).map(String.init)
    }

    /// Returns a number that is not negative, in any notation, without its fraction, or nil if there is none.
    private static func wholeNumber(_ text: String) -> UInt64? {
        if let number = UInt64(text) { return number }
        guard let number = Double(text), number >= 0, number < 1e18 else { return nil }
        return UInt64(number)
    }

    private func checksum(
        _ file: JSONValue, _ name: StaticString, _ algorithm: Digest.Algorithm
    ) throws(Unusable) -> String? {
        let values = [file[name], file["checksum"]?[name]]
        guard let text = values.lazy.compactMap({ $0?.utf8 }).first(where: { !$0.isEmpty }) else { return nil }
        guard let digest = algorithm.digest(text) else {
            throw Unusable("its \(name) is no checksum")
        }
        return digest
    }
}
