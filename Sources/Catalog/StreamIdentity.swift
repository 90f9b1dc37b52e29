import JSON

/// The distribution, release, architecture and variant of a product of a simplestreams server.
struct StreamIdentity: Equatable {
    /// The members of a product that may tell it.
    static let members: [StaticString] = ["distro", "os", "release", "arch", "variant"]
    /// The architectures that servers list images for, under all their names.
    private static let architectures: Set<String> = [
        "x86_64", "aarch64", "i386", "i586", "i686", "armel", "armhf", "armv6l", "armv7l", "armv8l", "ppc", "ppc64",
        "ppc64el", "ppc64le", "riscv32", "riscv64", "s390x", "mips", "mips64", "loong64", "loongarch64",
    ]

    /// In lower case, without blanks.
    let distribution: String
    let release: String
    /// OpenNebula's word for it.
    let architecture: String
    /// In lower case.
    let variant: String

    private init(_ distribution: String, _ release: String, _ architecture: String, _ variant: String) {
        self.distribution = String(distribution.lowercased().filter { !$0.isWhitespace })
        self.release = release
        self.architecture = AppFilter.architecture(architecture)
        self.variant = variant.lowercased()
    }

    /// Reads a key `DISTRIBUTION:RELEASE:ARCHITECTURE:VARIANT`, as of the public server and lxd-imagebuilder. Nil for
    /// any other.
    init?(key: String) {
        let parts = Self.parts(of: key)
        guard parts.count == 4, Self.isArchitecture(parts[2]) else { return nil }
        self.init(parts[0], parts[1], parts[2], parts[3])
    }

    /// Reads a product's own members; for missing ones a key `OS:RELEASE:VARIANT:ARCHITECTURE`, as of
    /// incus-simplestreams. Returns nil if distribution, release or architecture is in neither.
    init?(_ product: JSONValue, key: String) {
        let parts = Self.parts(of: key)
        let isOrdered = parts.count == 4 && Self.isArchitecture(parts[3])
        func value(_ names: [StaticString], at position: Int) -> String? {
            let own = names.lazy.compactMap { product[$0]?.scalar }.first { !$0.isEmpty }
            return own ?? (isOrdered ? parts[position] : nil)
        }
        guard let distribution = value(["distro", "os"], at: 0), let release = value(["release"], at: 1),
            let architecture = value(["arch"], at: 3)
        else { return nil }
        // Ubuntu's own server, for one, knows no variants.
        self.init(distribution, release, architecture, product["variant"]?.scalar ?? "default")
    }

    private static func parts(of key: String) -> [String] {
        key.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { String(Substring($0)) }
    }

    private static func isArchitecture(_ word: String) -> Bool {
        architectures.contains(AppFilter.architecture(word))
    }
}
