extension DistributionFamily {
    /// All families, in no order. Which packages they need is what OpenNebula's stock driver installs in a container;
    /// ``optional`` are those that some of their releases lack.
    static let all = debian + enterprise + fedora + amazon + suse + alt + alpine + others

    private static let debian = [
        DistributionFamily(
            names: ["debian", "ubuntu", "devuan"], manager: .apt, kind: .deb, targets: [""],
            packages: """
                util-linux bash curl bind9-host cloud-utils parted ruby sudo passwd dbus openssh-server \
                qemu-guest-agent gawk virt-what
                """, optional: "open-vm-tools")
    ]

    private static let redHatPackages = """
        util-linux bash curl bind-utils cloud-utils-growpart parted ruby rubygem-json sudo shadow-utils openssh-server \
        qemu-guest-agent gawk virt-what
        """
    private static let rebuilds: Set<String> = ["rhel", "centos", "almalinux", "rocky"]

    private static func enterprise(_ release: Int, targets: [String], _ more: String = "") -> [DistributionFamily] {
        // Oracle's own list of further repositories has to be there before the rest.
        [(rebuilds, more), (["ol"], "oracle-epel-release-el\(release) " + more)].map { names, more in
            DistributionFamily(
                names: names, from: [release], before: [release + 1], manager: .dnf, kind: .rpm, targets: targets,
                packages: more + " " + redHatPackages)
        }
    }

    private static let enterprise =
        enterprise(8, targets: ["el8"], "network-scripts") + enterprise(9, targets: ["el9"])
        + enterprise(10, targets: ["el10", "el9"])

    private static let fedora = [
        DistributionFamily(
            names: ["fedora"], manager: .dnf, kind: .rpm, targets: ["fc", "el9", "el8"], packages: redHatPackages)
    ]

    private static let amazonPackages = """
        util-linux bash curl bind-utils cloud-utils-growpart parted ruby rubygem-json sudo shadow-utils openssh-server \
        gawk virt-what
        """
    private static let amazon = [
        DistributionFamily(
            names: ["amzn"], from: [2], before: [3], manager: .yum, kind: .rpm, targets: ["amzn2"],
            packages: amazonPackages, optional: "qemu-guest-agent"),
        DistributionFamily(
            names: ["amzn"], from: [2023], manager: .dnf, kind: .rpm, targets: ["amzn2023", "el9"],
            packages: amazonPackages, optional: "qemu-guest-agent"),
    ]

    private static let suse = [
        DistributionFamily(
            names: ["suse", "opensuse", "sles"], manager: .zypper, kind: .rpm, targets: ["suse"],
            packages: """
                util-linux bash curl bind-utils growpart parted ruby sudo shadow openssh qemu-guest-agent gawk \
                virt-what
                """, optional: "open-vm-tools")
    ]

    private static let alt = [
        DistributionFamily(
            names: ["altlinux"], manager: .apt, kind: .rpm, targets: ["alt"],
            packages: """
                util-linux bash curl bind-utils cloud-utils-growpart parted ruby sudo passwd openssh-server \
                qemu-guest-agent gawk virt-what
                """)
    ]

    private static let alpinePackages = """
        util-linux bash curl udev sfdisk parted e2fsprogs-extra sudo shadow ruby bind-tools openssh qemu-guest-agent \
        gawk virt-what
        """
    private static let alpine = [
        DistributionFamily(
            names: ["alpine"], before: [3, 22], manager: .apk, kind: .apk, targets: [""], packages: alpinePackages,
            optional: "ruby-json open-vm-tools"),
        // Ruby's base64 is a package of its own from here on.
        DistributionFamily(
            names: ["alpine"], from: [3, 22], manager: .apk, kind: .apk, targets: ["alpine322", ""],
            packages: alpinePackages, optional: "ruby-base64 ruby-json open-vm-tools"),
    ]

    private static let others = [
        DistributionFamily(
            names: ["openeuler", "mageia"], manager: .dnf, kind: .rpm, targets: ["el9"],
            packages: "util-linux bash curl bind-utils parted ruby sudo openssh-server gawk",
            optional: "cloud-utils-growpart rubygem-json shadow-utils qemu-guest-agent virt-what")
    ]
}
