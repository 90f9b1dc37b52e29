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

    private let members: [JSONObject.Member]
    private let hypervisor: String?
    private let architecture: String?

    init(_ members: [JSONObject.Member], hypervisor: String?, architecture: String?) {
        self.members = members
        self.hypervisor = Self.word(hypervisor)?.lowercased()
        self.architecture = Self.word(architecture).map(AppFilter.architecture)
    }

    /// A name that a scheduling requirement can hold; nil for `ALL`, lists, and whatever else there may be.
    private static func word(_ text: String?) -> String? {
        guard let text, !["all", "any", "none"].contains(text.lowercased()) else { return nil }
        let isWord = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) && byte < 0x80
                || "_-".utf8.contains(byte)
        }
        return isWord ? text : nil
    }

    func template(warn: (String) -> Void) -> Template {
        var template = Template()
        var hasSystem = false
        var requirements: [String] = []
        var hasHypervisor = false
        for member in members {
            guard let name = Self.attributeName(member.name) else {
                warn(
                    "the attribute \(quoted(oneLine(member.name, limit: 40))) of its template is left out: oned takes no such name"
                )
                continue
            }
            switch name {
            case "SCHED_REQUIREMENTS" where member.value.scalar != nil:
                requirements += Self.text(of: member.value).map { [$0] } ?? []
            case "OS" where needsArmSystem && member.value.members != nil:
                hasSystem = true
                let pairs = Self.pairs(member.value.members ?? [], of: name, warn: warn)
                let names = Set(pairs.map(\.name))
                template.append(name, vector: pairs + Self.armSystem.filter { !names.contains($0.0) })
            default:
                hasHypervisor = hasHypervisor || name == "HYPERVISOR"
                Self.append(name, member.value, to: &template, warn: warn)
            }
        }
        template.append("SCHED_REQUIREMENTS", optional: requirement(beside: requirements.last))
        if needsArmSystem, !hasSystem { template.append("OS", vector: Self.armSystem) }
        if !hasHypervisor { template.append("HYPERVISOR", optional: hypervisor) }
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

    private static func append(_ name: String, _ value: JSONValue, to template: inout Template, warn: (String) -> Void)
    {
        switch value {
        case .null: break
        case .string, .number, .bool: template.append(name, optional: text(of: value))
        case .object(let object):
            let pairs = pairs(object.members, of: name, warn: warn)
            if !pairs.isEmpty { template.append(name, vector: pairs) }
        case .array(let elements):
            // An attribute that repeats: several DISK, NIC or INPUT.
            for element in elements where element.elements == nil { append(name, element, to: &template, warn: warn) }
            if elements.contains(where: { $0.elements != nil }) {
                warn("a list within the list \(name) of its template is left out")
            }
        }
    }

    private static func pairs(
        _ members: [JSONObject.Member], of vector: String, warn: (String) -> Void
    ) -> [(name: String, value: String)] {
        members.compactMap { member in
            guard let name = attributeName(member.name), member.value.elements == nil, member.value.members == nil
            else {
                let path = oneLine("\(vector)/\(member.name)", limit: 80)
                warn("the attribute \(quoted(path)) of its template is left out: oned cannot hold it")
                return nil
            }
            return text(of: member.value).map { (name, $0) }
        }
    }

    /// The value as it was meant: the catalog writes quotation marks as a template needs them, with a backslash before.
    private static func text(of value: JSONValue) -> String? {
        guard let text = value.scalar, !text.isEmpty else { return nil }
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
        var meant: [UInt8] = []
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\""), meant.last == UInt8(ascii: "\\") { meant.removeLast() }
            meant.append(byte)
        }
        return String(decoding: meant, as: UTF8.self)
    }

    /// The name in capitals; nil where oned would not take it for one.
    private static func attributeName(_ name: String) -> String? {
        let isName =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) && byte < 0x80
                    || byte == UInt8(ascii: "_")
            }
        return isName ? name.uppercased() : nil
    }
}
