import Bytes

/// The name of a package's file, as in `one-context-7.2.1-0.el9.noarch.rpm`.
struct ContextPackageName: Equatable, Sendable {
    /// The package of OpenNebula.
    static let openNebula = "one-context"
    private static let kinds: [PackedArchive] = [.deb, .rpm, .apk]
    private static let maximumLength = 200
    /// Processors as uname(1) calls them, by what distributions call them.
    private static let machines = [
        "amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64",
    ]

    let text: String
    let kind: PackedArchive
    /// The package's own name: `one-context`.
    let stem: String
    /// `7.2.1-0`, or nil if the name has none that is written so.
    let version: String?
    /// The word that tells what it is made for: `el9`, `fc`, `alt`, `alpine322`. Empty if it has none.
    let target: String
    /// Everything behind ``stem`` that has an order.
    let order: PackageVersion
    /// The processor that it is for, as uname(1) calls it; nil if it is for all, or for one that is not known.
    let machine: String?

    /// Returns nil for what is none of a package, or has characters that no package's name has.
    init?(_ text: some StringProtocol) {
        guard let kind = Self.kind(of: text), Self.isPlain(text) else { return nil }
        self.text = String(text)
        self.kind = kind
        let base = String(text.dropLast(kind.rawValue.count + 1))
        target = Self.target(of: base, kind)
        let processor = Self.processor(of: base)
        machine = Self.machines[processor]
        let behind = processor.isEmpty ? 0 : processor.count + 1
        let parts = base.dropLast(behind).split(whereSeparator: { "-_".contains($0) }).map(String.init)
        let number = parts.dropFirst().firstIndex { $0.utf8.first.map(isDigit) == true }
        stem = parts[..<(number ?? parts.endIndex)].joined(separator: "-")
        version = number.flatMap { Self.version(parts[$0...]) }
        order = PackageVersion(number.map { Array(parts[$0...]) } ?? [])
    }

    /// Returns the kind of package that a file is by its name, or nil if it is none.
    static func kind(of text: some StringProtocol) -> PackedArchive? {
        kinds.first { text.hasSuffix("." + $0.rawValue) }
    }

    /// Returns the word at the end of a name that tells its processor; empty if there is none.
    private static func processor(of base: String) -> String {
        for word in machines.keys {
            for mark in ["-", "_", "."] where base.hasSuffix(mark + word) { return word }
        }
        return ""
    }

    /// Whether `text` can be the name of a file, and means nothing to a shell or a pattern.
    static func isPlain(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { isAlphanumeric($0) || "-._+~:".utf8.contains($0) } && text.utf8.count <= maximumLength
            && text.utf8.first.map(isAlphanumeric) == true
    }

    /// Reads `7.2.1` and `0.el9.noarch`, `r0` or `alt0`.
    private static func version(_ parts: ArraySlice<String>) -> String? {
        guard parts.count > 1, let number = parts.first, let rest = parts.dropFirst().first else { return nil }
        let release = rest.drop { !isDigit($0.utf8.first!) }.prefix { isDigit($0.utf8.first!) }
        return release.isEmpty ? nil : "\(number)-\(release)"
    }

    private static func target(of base: some StringProtocol, _ kind: PackedArchive) -> String {
        let words = base.split(whereSeparator: { "-_.".contains($0) })
        func isNumbered(_ word: some StringProtocol, _ beginning: String, orNot: Bool = false) -> Bool {
            let number = word.dropFirst(beginning.count)
            return word.hasPrefix(beginning) && number.utf8.allSatisfy(isDigit) && (orNot || !number.isEmpty)
        }
        for word in words.reversed() {
            switch kind {
            case .rpm where isNumbered(word, "el") || isNumbered(word, "amzn") || word == "suse": return String(word)
            case .rpm where isNumbered(word, "fc", orNot: true): return "fc"
            case .rpm where isNumbered(word, "alt", orNot: true): return "alt"
            case .apk where isNumbered(word, "alpine"): return String(word)
            default: break
            }
        }
        return ""
    }

    /// Returns the name that OpenNebula gives a package.
    ///
    /// - Parameter version: `7.2.1-0`.
    static func fileName(kind: PackedArchive, target: String, version: String) -> String {
        let parts = version.split(separator: "-", maxSplits: 1)
        let (number, release) = (parts.first ?? "", parts.count > 1 ? parts[1] : "")
        let suffix = target.isEmpty ? "" : "." + target
        switch kind {
        case .apk: return "\(openNebula)-\(number)-r\(release)\(suffix).apk"
        case .rpm where target == "alt": return "\(openNebula)-\(number)-alt\(release).noarch.rpm"
        case .rpm: return "\(openNebula)-\(number)-\(release)\(suffix).noarch.rpm"
        case .deb, .squashfs: return "\(openNebula)_\(number)-\(release)\(suffix).deb"
        }
    }
}
