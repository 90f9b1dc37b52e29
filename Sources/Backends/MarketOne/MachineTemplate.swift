import Bytes
import Catalog
import DriverProtocol
import JSON

/// The VM template of an app: the catalog's JSON object, and what follows from the app's hypervisor and architecture.
struct MachineTemplate {
    /// The firmware that a virtual machine of that architecture boots with, where its template says nothing else.
    private static let armSystem: [(name: StaticString, value: StaticString)] = [
        ("ARCH", "aarch64"), ("FIRMWARE", "/usr/share/AAVMF/AAVMF_CODE.fd"), ("FIRMWARE_SECURE", "no"),
        ("MACHINE", "virt"),
    ]

    private let object: JSONValue
    private let hypervisor: String?
    private let architecture: String?

    init(_ object: JSONValue, hypervisor: String?, architecture: String?) {
        self.object = object
        self.hypervisor = Self.word(hypervisor)?.lowercased()
        self.architecture = Self.word(architecture).map(AppFilter.architecture)
    }

    /// A name that a scheduling requirement can hold; nil for `ALL`, lists, and whatever else there may be.
    private static func word(_ text: String?) -> String? {
        guard let text, !["all", "any", "none"].contains(text.lowercased()) else { return nil }
        return text.utf8.allSatisfy { isAlphanumeric($0) || "_-".utf8.contains($0) } ? text : nil
    }

    /// Throws where a value of it cannot be written. `warn` is told what had to be left out.
    func template(warn: (String) -> Void) throws(AppReport.Unusable) -> AppTemplate {
        // The catalog writes quotation marks as a template needs them, with a backslash before.
        var template = AppTemplate(quotesAreEscaped: true)
        var hasSystem = false
        var hasHypervisor = false
        var requirements: String?
        for member in object.members {
            guard let name = Self.attributeName(member.name) else {
                warn(
                    "the attribute \(quoted(oneLine(member.name.text ?? "", limit: 40))) of its template is left out: oned takes no such name"
                )
                continue
            }
            if Self.isName(name, "SCHED_REQUIREMENTS"), member.value.utf8 != nil {
                requirements = Self.text(of: member.value).map { String(decoding: $0, as: UTF8.self) } ?? requirements
                continue
            }
            hasHypervisor = hasHypervisor || Self.isName(name, "HYPERVISOR")
            let isSystem = needsArmSystem && member.value.kind == .object && Self.isName(name, "OS")
            hasSystem = hasSystem || isSystem
            try Self.append(
                name, member.value, completedBy: isSystem ? Self.armSystem : [], to: &template, warn: warn)
        }
        try template.append("SCHED_REQUIREMENTS", optional: requirement(beside: requirements))
        if needsArmSystem, !hasSystem {
            template.beginVector("OS")
            for pair in Self.armSystem { try template.append(pair.name, pair.value.bytes) }
            template.endVector()
        }
        if !hasHypervisor { try template.append("HYPERVISOR", optional: hypervisor) }
        return template
    }

    /// Containers boot no firmware.
    private var needsArmSystem: Bool { architecture == "aarch64" && hypervisor != "lxc" }

    private func requirement(beside stated: String?) -> String? {
        var terms = [hypervisor.map { "HYPERVISOR=\($0)" }, architecture.map { "ARCH=\($0)" }].compactMap { $0 }
        if let stated { terms.insert(terms.isEmpty ? stated : "(\(stated))", at: 0) }
        return terms.isEmpty ? nil : terms.joined(separator: " & ")
    }

    // MARK: Values

    private typealias Bytes = AppTemplate.Bytes

    /// - Parameter defaults: the pairs that the vector has to have, whatever it says, where the value is an object.
    private static func append(
        _ name: Bytes, _ value: JSONValue, completedBy defaults: [(name: StaticString, value: StaticString)] = [],
        to template: inout AppTemplate, warn: (String) -> Void
    ) throws(AppReport.Unusable) {
        switch value.kind {
        case .null: break
        case .string, .number, .bool: if let text = text(of: value) { try template.append(name, text) }
        case .object:
            template.beginVector(name)
            try appendPairs(of: value, in: name, to: &template, warn: warn)
            for pair in defaults where !hasPair(value, pair.name) {
                try template.append(pair.name, pair.value.bytes)
            }
            template.endVector()
        case .array:
            // An attribute that repeats: several DISK, NIC or INPUT.
            for element in value.elements where element.kind != .array {
                try append(name, element, to: &template, warn: warn)
            }
            if value.elements.contains(where: { $0.kind == .array }) {
                warn("a list within the list \(capitals(name)) of its template is left out")
            }
        }
    }

    private static func appendPairs(
        of object: JSONValue, in vector: Bytes, to template: inout AppTemplate, warn: (String) -> Void
    ) throws(AppReport.Unusable) {
        for member in object.members {
            if let name = attributeName(member.name), member.value.kind != .array, member.value.kind != .object {
                if let text = text(of: member.value) { try template.append(name, text) }
            } else {
                let path = oneLine("\(capitals(vector))/\(member.name.text ?? "")", limit: 80)
                warn("the attribute \(quoted(path)) of its template is left out: oned cannot hold it")
            }
        }
    }

    /// Whether the vector that is made of the object has a pair of that name.
    private static func hasPair(_ object: JSONValue, _ name: StaticString) -> Bool {
        object.members.contains { member in
            attributeName(member.name).map { isName($0, name) } == true && text(of: member.value) != nil
        }
    }

    /// What a scalar says, where that is something.
    private static func text(of value: JSONValue) -> Bytes? {
        value.utf8.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The name, where oned would take it for one.
    private static func attributeName(_ name: JSONValue) -> Bytes? {
        guard let text = text(of: name) else { return nil }
        for byte in text where !isAlphanumeric(byte) && byte != UInt8(ascii: "_") { return nil }
        return text
    }

    /// Whether an attribute's name is that one, written in capitals.
    private static func isName(_ name: Bytes, _ capitals: StaticString) -> Bool {
        name.count == capitals.bytes.count && zip(name, capitals.bytes).allSatisfy { $0 == $1 || $0 == $1 | 0x20 }
    }

    private static func capitals(_ name: Bytes) -> String {
        String(decoding: name, as: UTF8.self).uppercased()
    }
}
