import DriverProtocol
import Posix

/// A container's distribution, according to its os-release(5).
struct Distribution {
    /// `ID`, in lower case; empty if there is none.
    let id: String
    /// `Debian GNU/Linux 12 (bookworm)`, or the nearest that os-release has.
    let title: String
    /// `VERSION_ID`; empty if there is none.
    let version: String
    /// Nil if OpenNebula makes no packages for it.
    let family: DistributionFamily?

    init(_ tree: ContainerTree) {
        self.init(osRelease: tree.text(of: "etc/os-release") ?? tree.text(of: "usr/lib/os-release") ?? "")
    }

    init(osRelease text: String) {
        var values: [Substring: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let pair = line.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            values[pair[0]] = Command.words(of: String(pair[1])).joined(separator: " ")
        }
        id = (values["ID"] ?? "").lowercased()
        let kin = (values["ID_LIKE"] ?? "").lowercased().split(separator: " ").map(String.init)
        version = values["VERSION_ID"] ?? ""
        family = DistributionFamily.of(names: [id] + kin, version: Self.numbers(of: version))
        title = oneLine(values["PRETTY_NAME"] ?? (id.isEmpty ? "an unknown distribution" : id), limit: 100)
    }

    /// Returns the numbers of `3.23_alpha20251121`: 3 and 23.
    private static func numbers(of text: String) -> [Int] {
        var numbers: [Int] = []
        for part in text.split(separator: ".") {
            guard let number = Int(part.prefix(while: \.isNumber)) else { break }
            numbers.append(number)
        }
        return numbers
    }

    /// Returns the package manager of the distribution that the container has: yum in place of dnf, or the other way
    /// round.
    static func manager(of family: DistributionFamily, in tree: ContainerTree) -> PackageManager {
        let others: [PackageManager: PackageManager] = [.dnf: .yum, .yum: .dnf]
        let usual = family.manager
        guard let other = others[usual], !has(usual, tree), has(other, tree) else { return usual }
        return other
    }

    private static func has(_ manager: PackageManager, _ tree: ContainerTree) -> Bool {
        ["usr/bin", "bin", "usr/sbin", "sbin"].contains { tree.status("\($0)/\(manager.rawValue)") != nil }
    }
}
