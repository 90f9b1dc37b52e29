import Bytes
import Catalog
import DriverProtocol
import JSON

/// The VM template of an app: the catalog's JSON object, with attributes that follow from the app's platform in place
/// of its own.
struct MachineTemplate {
    private typealias Pair = (name: StaticString, value: StaticString)

    /// The boot attributes of that architecture, which replace those of the template: a host has no other firmware.
    private static let armSystem: [Pair] = [
        ("ARCH", "aarch64"), ("FIRMWARE", "/usr/share/AAVMF/AAVMF_CODE.fd"), ("FIRMWARE_SECURE", "no"),
        ("MACHINE", "virt"),
    ]

    /// Attributes that depend on the platform, in the order in which they are added if the catalog has none of its own.
    private enum Derived: CaseIterable {
        case requirements, system, hypervisor

        var name: StaticString {
            switch self {
            case .requirements: "SCHED_REQUIREMENTS"
            case .system: "OS"
            case .hypervisor: "HYPERVISOR"
            }
        }

        /// Whether the catalog's value is of the kind that the attribute has.
        func isUsable(_ value: JSONValue) -> Bool {
            self == .system ? value.kind == .object : value.utf8 != nil
        }
    }

    private let object: JSONValue
    private let platform: Platform

    init(_ object: JSONValue, _ platform: Platform) {
        self.object = object
        self.platform = platform
    }

    /// Throws if a value of it cannot be written. `warn` gets everything that had to be left out.
    func template(warn: (String) -> Void) throws(AppReport.Unusable) -> AppTemplate {
        // The catalog has the backslash before quotation marks that a template needs.
        var template = AppTemplate(quotesAreEscaped: true)
        let derived = Derived.allCases.filter(isDerived)
        var missing = derived
        for member in object.members {
            guard let name = Self.attributeName(member.name) else {
                warn(
                    "the attribute \(quoted(oneLine(member.name.text ?? "", limit: 40))) of its template is left out: oned takes no such name"
                )
                continue
            }
            guard let own = derived.first(where: { Self.isName(name, $0.name) }) else {
                try Self.append(name, member.value, to: &template, warn: warn)
                continue
            }
            guard let position = missing.firstIndex(of: own) else {
                warn("the second attribute \(Self.capitals(name)) of its template is left out")
                continue
            }
            missing.remove(at: position)
            try append(own, over: member.value, to: &template, warn: warn)
        }
        for own in missing { try append(own, over: nil, to: &template, warn: warn) }
        return template
    }

    private func isDerived(_ attribute: Derived) -> Bool {
        switch attribute {
        case .requirements: platform.requirement(beside: nil) != nil
        case .system: platform.isARM
        case .hypervisor: platform.hypervisor != nil
        }
    }

    /// Appends the attribute in place of the catalog's of the same name.
    private func append(
        _ attribute: Derived, over value: JSONValue?, to template: inout AppTemplate, warn: (String) -> Void
    ) throws(AppReport.Unusable) {
        if let value, value.kind != .null, !attribute.isUsable(value) {
            warn("what its template has in \(attribute.name) is left out: oned cannot hold it there")
        }
        switch attribute {
        case .requirements:
            let stated = value.flatMap(Self.text).map { String(decoding: $0, as: UTF8.self) }
            try template.append(attribute.name, optional: platform.requirement(beside: stated))
        case .system:
            try Self.appendVector(attribute.name.bytes, value, with: Self.armSystem, to: &template, warn: warn)
        case .hypervisor:
            try template.append(attribute.name, optional: platform.hypervisor)
        }
    }

    // MARK: Values

    private typealias Bytes = AppTemplate.Bytes

    private static func append(
        _ name: Bytes, _ value: JSONValue, to template: inout AppTemplate, warn: (String) -> Void
    ) throws(AppReport.Unusable) {
        switch value.kind {
        case .null: break
        case .string, .number, .bool: if let text = text(of: value) { try template.append(name, text) }
        case .object: try appendVector(name, value, to: &template, warn: warn)
        case .array:
            // A repeated attribute: several DISK, NIC or INPUT.
            for element in value.elements where element.kind != .array {
                try append(name, element, to: &template, warn: warn)
            }
            if value.elements.contains(where: { $0.kind == .array }) {
                warn("a list within the list \(capitals(name)) of its template is left out")
            }
        }
    }

    /// - Parameter fixed: the pairs that the vector must have: they replace those of the object.
    private static func appendVector(
        _ vector: Bytes, _ object: JSONValue?, with fixed: [Pair] = [], to template: inout AppTemplate,
        warn: (String) -> Void
    ) throws(AppReport.Unusable) {
        var missing = fixed
        template.beginVector(vector)
        for member in object.map({ Array($0.members) }) ?? [] {
            guard let name = attributeName(member.name), member.value.kind != .array, member.value.kind != .object
            else {
                let path = oneLine("\(capitals(vector))/\(member.name.text ?? "")", limit: 80)
                warn("the attribute \(quoted(path)) of its template is left out: oned cannot hold it")
                continue
            }
            if fixed.contains(where: { isName(name, $0.name) }) {
                guard let position = missing.firstIndex(where: { isName(name, $0.name) }) else { continue }
                try template.append(name, missing.remove(at: position).value.bytes)
            } else if let text = text(of: member.value) {
                try template.append(name, text)
            }
        }
        for pair in missing { try template.append(pair.name, pair.value.bytes) }
        template.endVector()
    }

    /// Returns the text of a scalar, or nil if it is empty.
    private static func text(of value: JSONValue) -> Bytes? {
        value.utf8.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Returns the name if oned would accept it, else nil.
    private static func attributeName(_ name: JSONValue) -> Bytes? {
        guard let text = text(of: name) else { return nil }
        return text.allSatisfy(isWordByte) ? text : nil
    }

    /// Whether an attribute's name is that one, given in capitals.
    private static func isName(_ name: Bytes, _ capitals: StaticString) -> Bool {
        name.count == capitals.bytes.count && zip(name, capitals.bytes).allSatisfy { $0 == $1 || $0 == $1 | 0x20 }
    }

    private static func capitals(_ name: Bytes) -> String {
        String(decoding: name, as: UTF8.self).uppercased()
    }
}
