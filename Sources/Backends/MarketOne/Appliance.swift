import Catalog
import DriverProtocol
import ImageTransfer
import JSON

/// An app as the server of a marketplace describes it at `/appliance`.
struct Appliance {
    typealias Unusable = AppReport.Unusable

    /// The members that mean something here; the long description and the logo, say, do not.
    static let members: Set<String> = [
        "_id", "name", "type", "publisher", "format", "short_description", "version", "tags", "creation_time",
        "os-arch",
        "hypervisor", "files", "disks", "roles", "opennebula_template",
    ]

    enum Kind: String {
        case image = "IMAGE"
        case vmTemplate = "VMTEMPLATE"
        case serviceTemplate = "SERVICE_TEMPLATE"
    }

    private let value: JSONValue
    private let id: String
    private let kind: Kind
    private let endpoint: String
    private let names: AppNames
    /// In OpenNebula.
    let name: String

    /// Throws where what every app needs is missing or of no use.
    init(_ value: JSONValue, endpoint: String, names: AppNames) throws(Unusable) {
        guard value.members != nil else { throw Unusable("it is no JSON object") }
        guard let id = Self.id(of: value) else { throw Unusable("it has no _id") }
        guard isSafeInURL(id), !id.contains("/"), id.utf8.count <= 128, id != ".", id != ".." else {
            throw Unusable("its _id cannot stand in a URL")
        }
        guard let title = value["name"]?.scalar, let name = names.name(for: title) else {
            throw Unusable("it has no name")
        }
        // The catalog says nothing of the type where it is an image.
        let type = value["type"]?.scalar ?? Kind.image.rawValue
        guard let kind = Kind(rawValue: type.uppercased()) else {
            throw Unusable("its type \(quoted(oneLine(type, limit: 40))) is not known")
        }
        self.value = value
        self.id = id
        self.kind = kind
        self.endpoint = endpoint
        self.names = names
        self.name = name
    }

    /// `{"_id": {"$oid": "…"}}`, as MongoDB writes it, or the text alone.
    static func id(of value: JSONValue) -> String? {
        guard let id = value["_id"], let text = id["$oid"]?.scalar ?? id.scalar, !text.isEmpty else { return nil }
        return text
    }

    func passes(_ filter: AppFilter) -> Bool {
        filter.isEmpty
            || filter.passes(
                type: kind.rawValue, architecture: text("os-arch"), tags: tags, name: value["name"]?.scalar ?? "")
    }

    /// The app's template. `warn` is told what had to be left out of it.
    func template(warn: (String) -> Void) throws(Unusable) -> Template {
        var app = Template()
        let link = endpoint + "/appliance/" + id
        app.append("NAME", name)
        app.append("SOURCE", link + "/download/0")
        app.append("IMPORT_ID", id)
        app.append("ORIGIN_ID", "-1")
        app.append("TYPE", kind.rawValue)
        app.append("PUBLISHER", optional: text("publisher"))
        app.append("FORMAT", optional: text("format"))
        app.append("DESCRIPTION", optional: text("short_description"))
        app.append("VERSION", optional: text("version"))
        app.append("TAGS", optional: tags.isEmpty ? nil : tags.joined(separator: ", "))
        app.append("REGTIME", optional: registrationTime)
        app.append("LINK", link)
        app.append("ARCHITECTURE", optional: text("os-arch"))
        app.append("HYPERVISOR", optional: text("hypervisor"))
        switch kind {
        case .image: try appendImage(to: &app, warn: warn)
        case .vmTemplate: try appendVMTemplate(to: &app, warn: warn)
        case .serviceTemplate: try appendServiceTemplate(to: &app)
        }
        return app
    }

    // MARK: By type

    private func appendImage(to app: inout Template, warn: (String) -> Void) throws(Unusable) {
        if let file = value["files"]?.elements?.first, file.members != nil {
            let size = file["size"]?.scalar.flatMap(Self.wholeNumber) ?? 0
            app.append("SIZE", String(megabytes(roundingUp: size)))
            app.append("MD5", optional: try checksum(file, "md5", digits: 32))
            app.append("SHA256", optional: try checksum(file, "sha256", digits: 64))
            var image = Template()
            image.append("DEV_PREFIX", optional: nonEmpty(file["dev_prefix"]))
            image.append("TYPE", optional: nonEmpty(file["type"]))
            try appendEncoded("APPTEMPLATE64", image, to: &app)
        }
        do {
            if let machine = try machineTemplate(warn: warn) { try appendEncoded("VMTEMPLATE64", machine, to: &app) }
        } catch {
            // The image is of use without it.
            warn("it comes without a VM template: \(error.reason)")
        }
    }

    private func appendVMTemplate(to app: inout Template, warn: (String) -> Void) throws(Unusable) {
        app.append("SIZE", "0")
        for (position, disk) in (value["disks"]?.elements ?? []).enumerated() {
            guard let title = disk.scalar, let name = names.name(for: title) else {
                throw Unusable("one of its disks has no name")
            }
            app.append("DISK", vector: [("NAME", try diskName(position, title)), ("APP", name)])
        }
        if let machine = try machineTemplate(warn: warn) { try appendEncoded("APPTEMPLATE64", machine, to: &app) }
    }

    /// The same one in each run: an app changes when its catalog does, not otherwise.
    private func diskName(_ position: Int, _ title: String) throws(Unusable) -> String {
        guard let digest = try? Digest.of("\(id):\(position):\(title)", .md5) else {
            throw Unusable("no checksum can be computed for its disks' names")
        }
        return String(digest.prefix(10))
    }

    private func appendServiceTemplate(to app: inout Template) throws(Unusable) {
        app.append("SIZE", "0")
        for role in value["roles"]?.members ?? [] {
            guard let title = role.value.scalar, let name = names.name(for: title) else {
                throw Unusable("its role \(quoted(oneLine(role.name, limit: 40))) has no app")
            }
            app.append("ROLE", vector: [("NAME", role.name), ("APP", name)])
        }
        // OneFlow reads JSON: it is handed on as it is.
        guard let text = nonEmpty(value["opennebula_template"]) else { return }
        guard (try? JSONReader.parse(text))?.members != nil else { throw Unusable("its template is no JSON object") }
        app.append("APPTEMPLATE64", String(decoding: Base64.encode(Array(text.utf8)), as: UTF8.self))
    }

    private func machineTemplate(warn: (String) -> Void) throws(Unusable) -> Template? {
        guard let text = nonEmpty(value["opennebula_template"]) else { return nil }
        guard let template = try? JSONReader.parse(text), let members = template.members else {
            throw Unusable("its template is no JSON object")
        }
        return MachineTemplate(members, hypervisor: self.text("hypervisor"), architecture: self.text("os-arch"))
            .template(warn: warn)
    }

    /// A template within the template. What it cannot hold as it is makes the app unusable.
    private func appendEncoded(_ name: String, _ inner: Template, to app: inout Template) throws(Unusable) {
        guard !inner.attributes.isEmpty else { return }
        for attribute in inner.attributes {
            switch attribute.value {
            case .text(let text): try AppReport.check(text, attribute.name)
            case .vector(let pairs):
                for pair in pairs { try AppReport.check(pair.value, "\(attribute.name)/\(pair.name)") }
            }
        }
        app.append(name, inner.base64)
    }

    // MARK: Values

    /// What is there as text: a list's elements with commas between; nil where there is nothing.
    private func text(_ name: String) -> String? {
        guard let elements = value[name]?.elements else { return nonEmpty(value[name]) }
        return nonEmpty(.string(elements.compactMap(\.scalar).joined(separator: ", ")))
    }

    private func nonEmpty(_ value: JSONValue?) -> String? {
        value?.scalar.flatMap { $0.isEmpty ? nil : $0 }
    }

    private var tags: [String] {
        guard let elements = value["tags"]?.elements else { return nonEmpty(value["tags"]).map { [$0] } ?? [] }
        return elements.compactMap(nonEmpty)
    }

    /// Seconds since 1970.
    private var registrationTime: String? {
        value["creation_time"]?.scalar.flatMap(Self.wholeNumber).map(String.init)
    }

    /// A number that is not negative, in whatever way it is written; what it has behind the point is left out.
    private static func wholeNumber(_ text: String) -> UInt64? {
        if let number = UInt64(text) { return number }
        guard let number = Double(text), number >= 0, number < 1e18 else { return nil }
        return UInt64(number)
    }

    private func checksum(_ file: JSONValue, _ name: String, digits: Int) throws(Unusable) -> String? {
        guard let text = nonEmpty(file[name]) ?? nonEmpty(file["checksum"]?[name]) else { return nil }
        let isHexadecimal = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20) && byte < 0x80
        }
        guard isHexadecimal, text.utf8.count == digits else {
            throw Unusable("its \(name) is no checksum")
        }
        return text.lowercased()
    }
}

extension Template {
    /// Appends the attribute where there is a value.
    mutating func append(_ name: String, optional value: String?) {
        if let value { append(name, value) }
    }
}
