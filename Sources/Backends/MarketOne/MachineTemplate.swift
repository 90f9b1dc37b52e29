import Catalog
import DriverProtocol
import JSON

/// The VM template of an app: the catalog's JSON object, and what follows from the app's hypervisor and architecture.
struct MachineTemplate {
    /// The firmware that a virtual machine of that architecture boots with, where its template says nothing else.
    private static let armSystem = [
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
            switch name {
            case "SCHED_REQUIREMENTS" where member.value.utf8 != nil:
                requirements = Self.text(of: member.value).map { String(decoding: $0, as: UTF8.self) } ?? requirements
            case "OS" where needsArmSystem && member.value.kind == .object:
                hasSystem = true
                let pairs = Self.pairs(member.value, of: name, warn: warn)
                try Self.append(name, pairs, completedBy: Self.armSystem, to: &template)
            default:
                hasHypervisor = hasHypervisor || name == "HYPERVISOR"
                try Self.append(name, member.value, to: &template, warn: warn)
            }
        }
        try template.append("SCHED_REQUIREMENTS", optional: requirement(beside: requirements))
        if needsArmSystem, !hasSystem { try Self.append("OS", [], completedBy: Self.armSystem, to: &template) }
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

    private typealias Pair = (name: String, text: UnsafeBufferPointer<UInt8>)

    private static func append(
        _ name: String, _ value: JSONValue, to template: inout AppTemplate, warn: (String) -> Void
    ) throws(AppReport.Unusable) {
        switch value.kind {
        case .null: break
        case .string, .number, .bool: if let text = text(of: value) { try template.append(name, text) }
        case .object: try append(name, pairs(value, of: name, warn: warn), to: &template)
        case .array:
            // An attribute that repeats: several DISK, NIC or INPUT.
            for element in value.elements where element.kind != .array {
                try append(name, element, to: &template, warn: warn)
            }
            if value.elements.contains(where: { $0.kind == .array }) {
                warn("a list within the list \(name) of its template is left out")
            }
        }
    }

    /// Appends a vector of the pairs, and of those `defaults` that are not among them; nothing where there are none.
    private static func append(
        _ name: String, _ pairs: [Pair], completedBy defaults: [(name: String, value: String)] = [],
        to template: inout AppTemplate
    ) throws(AppReport.Unusable) {
        guard !pairs.isEmpty || !defaults.isEmpty else { return }
        template.beginVector(name)
        for pair in pairs { try template.append(pair.name, pair.text) }
        for pair in defaults where !pairs.contains(where: { $0.name == pair.name }) {
            try template.append(pair.name, pair.value)
        }
        template.endVector()
    }

    private static func pairs(_ object: JSONValue, of vector: String, warn: (String) -> Void) -> [Pair] {
        object.members.compactMap { member in
            guard let name = attributeName(member.name), member.value.kind != .array, member.value.kind != .object
            else {
                let path = oneLine("\(vector)/\(member.name.text ?? "")", limit: 80)
                warn("the attribute \(quoted(path)) of its template is left out: oned cannot hold it")
                return nil
            }
            return text(of: member.value).map { (name, $0) }
        }
    }

    /// What a scalar says, where that is something.
    private static func text(of value: JSONValue) -> UnsafeBufferPointer<UInt8>? {
        value.utf8.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The name in capitals; nil where oned would not take it for one.
    private static func attributeName(_ name: JSONValue) -> String? {
        guard let text = text(of: name), text.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "_") }) else {
            return nil
        }
        return String(unsafeUninitializedCapacity: text.count) { room in
            for (position, byte) in text.enumerated() { room[position] = byte < 0x61 ? byte : byte - 0x20 }
            return text.count
        }
    }
}
