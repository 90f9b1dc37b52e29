import Bytes
import Glibc
import JSON

/// Of which distribution, release, architecture and variant a product of a simplestreams server is.
struct StreamIdentity: Equatable {
    /// Those of a product that may tell it.
    static let members: [StaticString] = ["distro", "os", "release", "arch", "variant"]
    /// What servers list images for, under all the names that they give it.
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

    /// That of a key `DISTRIBUTION:RELEASE:ARCHITECTURE:VARIANT`, as the public server and lxd-imagebuilder write it; nil
    /// for any other.
    init?(key: String) {
        let parts = Self.parts(of: key)
        guard parts.count == 4, Self.isArchitecture(parts[2]) else { return nil }
        self.init(parts[0], parts[1], parts[2], parts[3])
    }

    /// What a product says of itself; the rest is read from a key `OS:RELEASE:VARIANT:ARCHITECTURE`, as incus-simplestreams
    /// writes it. Nil where neither tells distribution, release and architecture.
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

/// A version's name: a date, and whatever tells versions of one day apart. `20261120_05:24`, `202611200524`, `20261120.1`.
struct StreamVersion: Comparable {
    /// Seconds since 1970, with hours and minutes where digits behind the date can be such, in UTC.
    let built: Int
    /// The digits behind the date.
    private let serial: [UInt8]

    init?(_ name: String) {
        let bytes = Array(name.utf8)
        guard bytes.count >= 8, bytes[..<8].allSatisfy(isDigit) else { return nil }
        serial = bytes[8...].filter(isDigit)
        let (year, month, day) = (
            Self.number(bytes[..<4]), Self.number(bytes[4..<6]), Self.number(bytes[6..<8])
        )
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, month - 1, day)
        if serial.count >= 4 {
            let (hour, minute) = (Self.number(serial[..<2]), Self.number(serial[2..<4]))
            if hour < 24, minute < 60 { (time.tm_hour, time.tm_min) = (hour, minute) }
        }
        built = timegm(&time)
    }

    /// Of at most four digits.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int32 {
        digits.reduce(0) { 10 * $0 + Int32($1 - UInt8(ascii: "0")) }
    }

    static func < (left: StreamVersion, right: StreamVersion) -> Bool {
        guard left.built == right.built else { return left.built < right.built }
        guard left.serial.count == right.serial.count else { return left.serial.count < right.serial.count }
        return left.serial.lexicographicallyPrecedes(right.serial)
    }
}
