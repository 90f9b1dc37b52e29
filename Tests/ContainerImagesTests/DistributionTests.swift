import Foundation
import TestSupport
import Testing

@testable import ContainerImages

/// Which of OpenNebula's packages fits which distribution.
@Suite struct DistributionTests {
    /// The files of a release.
    private static let release = [
        "one-context-7.2.1-0.amzn2.noarch.rpm", "one-context-7.2.1-0.amzn2023.noarch.rpm",
        "one-context-7.2.1-0.el10.noarch.rpm", "one-context-7.2.1-0.el8.noarch.rpm",
        "one-context-7.2.1-0.el9.noarch.rpm", "one-context-7.2.1-0.fc.noarch.rpm",
        "one-context-7.2.1-0.suse.noarch.rpm", "one-context-7.2.1-alt0.noarch.rpm",
        "one-context-7.2.1-r0.alpine322.apk",
        "one-context-7.2.1-r0.apk", "one-context-7.2.1.msi", "one-context-7.2.1_0.txz", "one-context-linux-7.2.1-0.iso",
        "one-context_7.2.1-0.deb",
    ]
    /// Without the targets that came later.
    private static let oldRelease = release.filter { name in
        !["el10", "fc", "amzn2", "amzn2023", "alpine322"].contains { name.contains("." + $0 + ".") }
    }

    typealias Row = (product: String, osRelease: String, file: String?, manager: PackageManager?)

    /// Each distribution and release of the public server, and its os-release.
    static let rows: [Row] = [
        ("almalinux:8", "ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.10\"", "el8", .dnf),
        ("almalinux:9", "ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.7\"", "el9", .dnf),
        ("almalinux:10", "ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"10.1\"", "el10", .dnf),
        ("alpine:3.19", "ID=alpine\nVERSION_ID=3.19.9", "apk", .apk),
        ("alpine:3.20", "ID=alpine\nVERSION_ID=3.20.8", "apk", .apk),
        ("alpine:3.21", "ID=alpine\nVERSION_ID=3.21.5", "apk", .apk),
        ("alpine:3.22", "ID=alpine\nVERSION_ID=3.22.2", "alpine322", .apk),
        ("alpine:3.23", "ID=alpine\nVERSION_ID=3.23.0", "alpine322", .apk),
        ("alpine:edge", "ID=alpine\nVERSION_ID=3.24_alpha20260127", "alpine322", .apk),
        ("alt:Sisyphus", "ID=altlinux\nVERSION_ID=20251111", "alt", .apt),
        ("alt:p10", "ID=altlinux\nVERSION_ID=10.4", "alt", .apt),
        ("alt:p11", "ID=altlinux\nVERSION_ID=11.0", "alt", .apt),
        ("amazonlinux:2023", "ID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"", "amzn2023", .dnf),
        ("archlinux:current", "ID=arch\nBUILD_ID=rolling", nil, nil), ("busybox:1.36.1", "", nil, nil),
        ("centos:9-Stream", "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"9\"", "el9", .dnf),
        ("centos:10-Stream", "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"10\"", "el10", .dnf),
        ("debian:bullseye", "ID=debian\nVERSION_ID=\"11\"", "deb", .apt),
        ("debian:bookworm", "ID=debian\nVERSION_ID=\"12\"", "deb", .apt),
        ("debian:trixie", "ID=debian\nVERSION_ID=\"13\"", "deb", .apt),
        ("debian:forky", "ID=debian\nVERSION_CODENAME=forky", "deb", .apt),
        ("devuan:chimaera", "ID=devuan\nID_LIKE=debian\nVERSION_ID=\"4\"", "deb", .apt),
        ("devuan:daedalus", "ID=devuan\nID_LIKE=debian\nVERSION_ID=\"5\"", "deb", .apt),
        ("devuan:excalibur", "ID=devuan\nID_LIKE=debian\nVERSION_ID=\"6\"", "deb", .apt),
        ("fedora:41", "ID=fedora\nVERSION_ID=41", "fc", .dnf), ("fedora:42", "ID=fedora\nVERSION_ID=42", "fc", .dnf),
        ("fedora:43", "ID=fedora\nVERSION_ID=43", "fc", .dnf), ("funtoo:next", "ID=\"funtoo\"", nil, nil),
        ("gentoo:current", "ID=gentoo\nVERSION_ID=\"2.18\"", nil, nil),
        ("kali:current", "ID=kali\nID_LIKE=debian\nVERSION_ID=\"2025.4\"", "deb", .apt),
        ("mint:vera", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21.1\"", "deb", .apt),
        ("mint:virginia", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21.3\"", "deb", .apt),
        ("mint:xia", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"22.1\"", "deb", .apt),
        ("nixos:25.11", "ID=nixos\nVERSION_ID=\"25.11\"", nil, nil),
        ("openeuler:22.03", "ID=\"openEuler\"\nVERSION_ID=\"22.03\"", "el9", .dnf),
        ("openeuler:24.03", "ID=\"openEuler\"\nVERSION_ID=\"24.03\"", "el9", .dnf),
        ("openeuler:25.03", "ID=\"openEuler\"\nVERSION_ID=\"25.03\"", "el9", .dnf),
        ("opensuse:15.6", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"15.6\"", "suse", .zypper),
        ("opensuse:16.0", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"16.0\"", "suse", .zypper),
        (
            "opensuse:tumbleweed", "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\nVERSION_ID=\"20260120\"",
            "suse", .zypper
        ),
        ("openwrt:24.10", "ID=\"openwrt\"\nID_LIKE=\"lede openwrt\"\nVERSION_ID=\"24.10.4\"", nil, nil),
        ("oracle:8", "ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"8.10\"", "el8", .dnf),
        ("oracle:9", "ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.7\"", "el9", .dnf),
        ("oracle:10", "ID=\"ol\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"10.1\"", "el10", .dnf),
        ("rockylinux:8", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.10\"", "el8", .dnf),
        ("rockylinux:9", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.7\"", "el9", .dnf),
        ("rockylinux:10", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"10.1\"", "el10", .dnf),
        ("slackware:15.0", "ID=slackware\nVERSION_ID=15.0", nil, nil),
        ("springdalelinux:9", "ID=\"springdale\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.2\"", "el9", .dnf),
        ("ubuntu:jammy", "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"22.04\"", "deb", .apt),
        ("ubuntu:noble", "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"24.04\"", "deb", .apt),
        ("ubuntu:plucky", "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"25.04\"", "deb", .apt),
        ("ubuntu:questing", "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"25.10\"", "deb", .apt),
        ("voidlinux:current", "ID=\"void\"", nil, nil),
        // Not on the server.
        ("amazonlinux:2", "ID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"", "amzn2", .yum),
        ("rhel:11", "ID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"11.0\"", nil, nil),
        ("rhel:7", "ID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"7.9\"", nil, nil),
        ("broken:1", "ID=alpine\nVERSION_ID=99999999999999999999999.1", nil, nil),
    ]

    @Test func theTableHasAllOfThePublicServer() throws {
        let data = Data(try Fixture.bytes("catalogs/linuxcontainers-images.json"))
        let catalog = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let products = try #require(catalog["products"] as? [String: Any])
        let listed = Set(products.keys.map { $0.split(separator: ":").prefix(2).joined(separator: ":") })
        #expect(listed.subtracting(Self.rows.map(\.product)).isEmpty)
    }

    private func file(_ osRelease: String, of files: [String]) -> String? {
        let chosen = Distribution(osRelease: osRelease).family?.choice(of: files) { ContextPackageName($0) }.chosen
        #expect((chosen?.count ?? 0) <= 1, "\(chosen ?? [])")
        return chosen?.first
    }

    @Test(arguments: rows.indices) func eachGetsOnePackage(_ index: Int) throws {
        let row = Self.rows[index]
        let family = Distribution(osRelease: row.osRelease).family
        let expected =
            switch row.file {
            case "deb"?: "one-context_7.2.1-0.deb"
            case "apk"?: "one-context-7.2.1-r0.apk"
            case "alt"?: "one-context-7.2.1-alt0.noarch.rpm"
            case "alpine322"?: "one-context-7.2.1-r0.alpine322.apk"
            case let target?: "one-context-7.2.1-0.\(target).noarch.rpm"
            case nil: String?.none
            }
        #expect(file(row.osRelease, of: Self.release) == expected, "\(row.product)")
        #expect(file(row.osRelease, of: Self.release.reversed()) == expected, "\(row.product)")
        #expect(family?.manager == row.manager, "\(row.product)")
        // A mirror, which has no list, is asked for the same.
        #expect(family?.fileNames(version: "7.2.1-0").first == expected, "\(row.product)")
        #expect(family?.packages.contains("sudo") ?? true)
    }

    @Test(arguments: [
        ("fedora:43", "one-context-7.2.1-0.el9.noarch.rpm"), ("rockylinux:10", "one-context-7.2.1-0.el9.noarch.rpm"),
        ("amazonlinux:2023", "one-context-7.2.1-0.el9.noarch.rpm"), ("alpine:3.23", "one-context-7.2.1-r0.apk"),
        ("amazonlinux:2", nil), ("rockylinux:8", "one-context-7.2.1-0.el8.noarch.rpm"),
    ]) func anOldReleaseHasTheNextBest(_ product: String, _ expected: String?) throws {
        let row = try #require(Self.rows.first { $0.product == product })
        #expect(file(row.osRelease, of: Self.oldRelease) == expected)
    }

    @Test(arguments: [
        ("oracle:9", ["oracle-epel-release-el9", "util-linux"]),
        ("oracle:10", ["oracle-epel-release-el10", "util-linux"]),
        ("rockylinux:8", ["network-scripts", "util-linux"]), ("rockylinux:9", ["util-linux", "bash"]),
    ]) func whatBringsFurtherRepositoriesComesFirst(_ product: String, _ packages: [String]) throws {
        let row = try #require(Self.rows.first { $0.product == product })
        #expect(try #require(Distribution(osRelease: row.osRelease).family).packages.starts(with: packages))
    }

    @Test func packagesOfOnesOwnAreTakenBesides() throws {
        let files = [
            "one-context-1.el8.noarch.rpm", "mine-2-1.noarch.rpm", "one-context-1.el9.noarch.rpm",
            "other-1-1.el8.x86_64.rpm",
            "third-1.el9.rpm", "third-1.rpm", "x_1-1.deb",
        ]
        let row = try #require(Self.rows.first { $0.product == "rockylinux:9" })
        let chosen = Distribution(osRelease: row.osRelease).family?.choice(of: files) { ContextPackageName($0) }.chosen
        #expect(chosen == ["one-context-1.el9.noarch.rpm", "mine-2-1.noarch.rpm", "third-1.el9.rpm"])
    }

    /// Files, those that are chosen, and those that are left out, for a processor.
    private static let choices: [(product: String, machine: String?, files: String, chosen: String, leftOut: String)] =
        [
            (
                "debian:bookworm", nil, "one-context_7.2.0-0 one-context_7.2.1-0", "one-context_7.2.1-0",
                "one-context_7.2.0-0"
            ),
            (
                "debian:bookworm", nil, "one-context_7.2.1-0 one-context_7.2.0-0", "one-context_7.2.1-0",
                "one-context_7.2.0-0"
            ),
            ("debian:bookworm", nil, "one-context_7.9-9 one-context_7.10-0", "one-context_7.10-0", "one-context_7.9-9"),
            (
                "debian:bookworm", nil, "one-context_7.2.1-0 one-context_7.2-5", "one-context_7.2.1-0",
                "one-context_7.2-5"
            ),
            (
                "debian:bookworm", nil, "one-context_7.2-0 one-context_7.2~rc1-3", "one-context_7.2-0",
                "one-context_7.2~rc1-3"
            ),
            (
                "debian:bookworm", nil, "one-context_7.2-0 one-context_7.2+git1-0", "one-context_7.2+git1-0",
                "one-context_7.2-0"
            ),
            (
                "debian:bookworm", nil, "one-context_7.2-2 one-context_7.2-10 one-context_7.2-9", "one-context_7.2-10",
                "one-context_7.2-2 one-context_7.2-9"
            ),
            // The same twice, and without a version.
            ("debian:bookworm", nil, "one-context_7.2-0 one-context_7.2-0", "one-context_7.2-0", "one-context_7.2-0"),
            ("debian:bookworm", nil, "one-context one-context_1", "one-context_1", "one-context"),
            // The target counts first.
            (
                "rockylinux:9", nil,
                "one-context-8.0-0.el8.noarch one-context-7.2-0.el9.noarch one-context-7.1-0.el9.noarch",
                "one-context-7.2-0.el9.noarch", "one-context-7.1-0.el9.noarch"
            ),
            ("alpine:3.23", nil, "one-context-7.2-r0.alpine322 one-context-7.3-r0", "one-context-7.2-r0.alpine322", ""),
            ("alpine:3.21", nil, "one-context-7.2-r9 one-context-7.2-r10", "one-context-7.2-r10", "one-context-7.2-r9"),
            // Those of other processors fit as little as those of other distributions.
            ("debian:bookworm", "aarch64", "mine_2_amd64 mine_1_arm64", "mine_1_arm64", ""),
            ("debian:bookworm", "x86_64", "mine_1_arm64 mine_1_amd64 mine_2_all", "mine_2_all", "mine_1_amd64"),
            ("rockylinux:9", "x86_64", "mine-1-1.el9.aarch64 mine-1-1.el9.x86_64", "mine-1-1.el9.x86_64", ""),
        ]

    @Test(arguments: choices.indices) func ofSeveralFilesOfOnePackageTheNewestIsTaken(_ index: Int) throws {
        let row = Self.choices[index]
        let product = try #require(Self.rows.first { $0.product == row.product })
        let family = try #require(Distribution(osRelease: product.osRelease).family)
        func names(_ text: String) -> [String] { text.split(separator: " ").map { "\($0).\(family.kind.rawValue)" } }
        let (chosen, leftOut) = family.choice(of: names(row.files), machine: row.machine) { ContextPackageName($0) }
        #expect(chosen == names(row.chosen) && leftOut == names(row.leftOut), "\(row.files): \(chosen), \(leftOut)")
    }

    @Test(arguments: release) func aNameIsReadAsItIsWritten(_ text: String) throws {
        guard let name = ContextPackageName(text) else {
            return #expect(["msi", "txz", "iso"].contains { text.hasSuffix("." + $0) })
        }
        #expect(name.stem == "one-context" && name.version == "7.2.1-0")
        #expect(ContextPackageName.fileName(kind: name.kind, target: name.target, version: "7.2.1-0") == text)
    }

    @Test(arguments: [
        "", ".deb", "a/b.deb", "../b.deb", "-x.deb", "a b.deb", "a'b.deb", "$(id).deb", "a\nb.deb", "é.deb",
        "one-context",
        String(repeating: "a", count: 200) + ".deb",
    ]) func whatIsNoNameIsNotTaken(_ text: String) {
        #expect(ContextPackageName(text) == nil)
    }
}
