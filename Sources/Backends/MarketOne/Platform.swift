import Bytes
import Catalog

/// The hosts on which an appliance runs: its hypervisors and architectures. Each is one name, or several with commas
/// between.
struct Platform {
    /// In lower case: at least one.
    let hypervisors: [String]
    /// OpenNebula's words, or else the catalog's; `all` if it has none.
    let architectures: [String]

    /// - Parameters:
    ///   - hypervisor: the texts of `hypervisor`. None, and `ALL`, mean KVM.
    ///   - architecture: the texts of `os-arch`.
    init(hypervisor: [String], architecture: [String]) {
        hypervisors = Self.names(hypervisor, otherwise: "kvm") { name in
            let name = name.lowercased()
            return ["all", "any", "none"].contains(name) ? "kvm" : name
        }
        architectures = Self.names(architecture, otherwise: "all") { name in
            let known = AppFilter.architecture(name)
            return Self.schedulable.contains(known) ? known : name
        }
    }

    /// The architectures that hosts report, and that a virtual machine requires.
    private static let schedulable = ["x86_64", "aarch64"]

    /// Returns each name once.
    private static func names(
        _ texts: [String], otherwise standard: String, _ meaning: (String) -> String
    ) -> [String] {
        var names: [String] = []
        for part in texts.flatMap({ $0.split(separator: ",") }) {
            let word = part.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard !word.isEmpty else { continue }
            let name = meaning(word)
            if !names.contains(name) { names.append(name) }
        }
        return names.isEmpty ? [standard] : names
    }

    /// The only hypervisor, or nil if there are several.
    var hypervisor: String? { hypervisors.count == 1 ? hypervisors[0] : nil }

    /// Whether a virtual machine boots with the firmware of that architecture.
    var isARM: Bool { architectures == ["aarch64"] }

    /// Returns the scheduler's condition, joined with the template's own, or nil if there is neither.
    func requirement(beside stated: String?) -> String? {
        var terms = [Self.term("HYPERVISOR", hypervisors)]
        if architectures.allSatisfy(Self.schedulable.contains) { terms.append(Self.term("ARCH", architectures)) }
        let own = terms.compactMap { $0 }
        guard let stated else { return own.isEmpty ? nil : own.joined(separator: " & ") }
        return ([own.isEmpty ? stated : "(\(stated))"] + own).joined(separator: " & ")
    }

    /// Returns `NAME=a` or `(NAME=a | NAME=b)`, or nil if the scheduler's language cannot express one of the values.
    private static func term(_ name: String, _ values: [String]) -> String? {
        let conditions = values.compactMap(operand).map { "\(name)=\($0)" }
        guard conditions.count == values.count else { return nil }
        return conditions.count == 1 ? conditions[0] : "(\(conditions.joined(separator: " | ")))"
    }

    /// Returns a word unchanged, and other text in quotation marks, or nil if it is a pattern or has a quotation mark.
    private static func operand(_ value: String) -> String? {
        let isWord = value.utf8.first.map(isLetter) == true
        if isWord, value.utf8.allSatisfy(isWordByte) { return value }
        return value.utf8.allSatisfy { isAlphanumeric($0) || " ._-+".utf8.contains($0) } ? "\"\(value)\"" : nil
    }
}
