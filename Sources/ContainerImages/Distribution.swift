import Bytes
import DriverProtocol
import Posix

/// A container's distribution, according to its os-release.
struct Distribution {
    private static let families: [(kind: PackedArchive, names: Set<String>)] = [
        (.deb, ["debian", "ubuntu", "devuan"]),
        (
            .rpm,
            [
                "rhel", "fedora", "centos", "almalinux", "rocky", "ol", "amzn", "suse", "opensuse", "sles", "altlinux",
                "mageia", "openeuler",
            ]
        ),
        (.apk, ["alpine"]),
    ]

    /// `Debian GNU/Linux 12 (bookworm)`, or the nearest that os-release has.
    let title: String
    private let names: Set<String>
    /// `9` of `9.4`.
    private let release: Int?

    init(_ tree: ContainerTree) {
        var values: [Substring: String] = [:]
        let text = tree.text(of: "etc/os-release") ?? tree.text(of: "usr/lib/os-release") ?? ""
        for line in text.split(whereSeparator: \.isNewline) {
            let pair = line.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            values[pair[0]] = Command.words(of: String(pair[1])).joined(separator: " ")
        }
        let id = (values["ID"] ?? "").lowercased()
        names = Set([id] + (values["ID_LIKE"] ?? "").lowercased().split(separator: " ").map(String.init))
        release = (values["VERSION_ID"]?.split(separator: ".").first).flatMap { Int($0) }
        title = values["PRETTY_NAME"] ?? (id.isEmpty ? "an unknown distribution" : id)
    }

    /// The kind of package that it installs.
    private var kind: PackedArchive? { Self.families.first { !$0.names.isDisjoint(with: names) }?.kind }

    /// Returns those of the packages that are made for it. OpenNebula makes RPMs for each release of the RHEL family
    /// (`.el9.`), for SUSE (`.suse.`) and for ALT (`-alt1.`); Fedora and its kin take the newest of the first.
    func fitting(_ packages: [ContextPackage]) -> [ContextPackage] {
        let packages = packages.filter { $0.kind == kind }
        guard kind == .rpm else { return packages }
        let family = names.contains("altlinux") ? Target.alt : names.isDisjoint(with: ["suse", "sles"]) ? nil : .suse
        if let family { return packages.filter { [nil, family].contains(Target($0.name)) } }
        let releases = packages.compactMap { Target($0.name)?.release }
        let wanted = names.isDisjoint(with: ["rhel", "centos", "ol"]) ? releases.max() : release
        return packages.filter { package in
            Target(package.name).map { $0.release != nil && $0.release == wanted } ?? true
        }
    }

    /// The target of an RPM, according to its name.
    private enum Target: Equatable {
        case el(Int)
        case suse
        case alt

        init?(_ name: Substring) {
            let parts = name.split(whereSeparator: { ".-".contains($0) })
            if parts.contains("suse") {
                self = .suse
            } else if parts.contains(where: { $0.hasPrefix("alt") && $0.dropFirst(3).allSatisfy(\.isNumber) }) {
                self = .alt
            } else if let release = parts.lazy.filter({ $0.hasPrefix("el") }).compactMap({ Int($0.dropFirst(2)) }).first
            {
                self = .el(release)
            } else {
                return nil
            }
        }

        var release: Int? {
            if case .el(let release) = self { release } else { nil }
        }
    }
}
