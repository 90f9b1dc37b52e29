import DriverProtocol
import Glibc

/// Selects apps of a catalog: FILTER_TYPE, FILTER_ARCHITECTURE, FILTER_TAG and FILTER_NAME of the marketplace's
/// template. An app has to pass all that are set.
package struct AppFilter: Sendable, Equatable {
    private static let caseFolding: Int32 = 1 << 4  // FNM_CASEFOLD, a GNU extension
    private static let types = ["IMAGE", "VMTEMPLATE", "SERVICE_TEMPLATE"]
    private static let typeInput = Input.optional(
        "MARKETPLACE/TEMPLATE/FILTER_TYPE",
        "Types of app to list, separated by commas or spaces: `IMAGE`, `VMTEMPLATE`, `SERVICE_TEMPLATE`.",
        otherwise: "all")
    private static let architectureInput = Input.optional(
        "MARKETPLACE/TEMPLATE/FILTER_ARCHITECTURE",
        "Architectures to list, separated by commas or spaces: `x86_64`, `aarch64`. Apps for `all` are always listed.",
        otherwise: "all")
    private static let tagInput = Input.optional(
        "MARKETPLACE/TEMPLATE/FILTER_TAG", "Tags, separated by commas. Apps with at least one of them are listed.",
        otherwise: "all")
    private static let nameInput = Input.optional(
        "MARKETPLACE/TEMPLATE/FILTER_NAME",
        "Patterns of names to list, separated by commas, case-insensitive: `Ubuntu *, Debian *`.", otherwise: "all")
    static let inputs = [typeInput, architectureInput, tagInput, nameInput]

    private var types: [String] = []
    private var architectures: [String] = []
    private var tags: [String] = []
    private var names: [String] = []

    /// Lets everything pass.
    package init() {}

    init(_ message: Message) throws(DriverError) {
        types = Self.list(message, Self.typeInput, at: ", ").map { $0.uppercased() }
        architectures = Self.list(message, Self.architectureInput, at: ", ").map(Self.architecture)
        tags = Self.list(message, Self.tagInput, at: ",").map { $0.lowercased() }
        names = Self.list(message, Self.nameInput, at: ",")
        guard types.allSatisfy(Self.types.contains) else {
            throw message.invalid(
                Self.typeInput, "names no type of app",
                remedy: "write one or more of \(Self.types.joined(separator: ", "))")
        }
    }

    private static func list(_ message: Message, _ input: Input, at separators: String) -> [String] {
        (message.value(input) ?? "").split { separators.contains($0) || $0.isNewline }
            .map { part in
                var words = part.drop { $0.isWhitespace }
                while words.last?.isWhitespace == true { words.removeLast() }
                return String(words)
            }.filter { !$0.isEmpty }
    }

    /// Returns OpenNebula's name of an architecture for any of its names, such as those of Linux Containers.
    package static func architecture(_ name: String) -> String {
        switch name.lowercased() {
        case "amd64", "x86-64", "x64": "x86_64"
        case "arm64": "aarch64"
        default: name.lowercased()
        }
    }

    package var isEmpty: Bool { self == AppFilter() }

    /// Whether an app passes. One without an architecture, or with `all`, suits each.
    ///
    /// - Parameters:
    ///   - type: OpenNebula's word for the type: `IMAGE`.
    ///   - name: the name in the catalog.
    package func passes(type: String, architectures: [String], tags: [String], name: String) -> Bool {
        guard self.types.isEmpty || self.types.contains(type) else { return false }
        guard
            self.architectures.isEmpty || architectures.isEmpty
                || architectures.map(Self.architecture).contains(where: {
                    self.architectures.contains($0) || ["all", "any", ""].contains($0)
                })
        else { return false }
        guard self.tags.isEmpty || tags.contains(where: { self.tags.contains($0.lowercased()) }) else { return false }
        return names.isEmpty || names.contains { fnmatch($0, name, Self.caseFolding) == 0 }
    }
}
