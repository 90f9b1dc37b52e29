import DriverProtocol
import Testing

/// The hosts of an appliance, and the attributes of its app and its VM template that follow from them. The rules are
/// the stock driver's, except for conditions that a scheduler or a host could not use.
extension MarketOneTests {
    struct PlatformCase: CustomTestStringConvertible, Sendable {
        /// Members of the appliance.
        let members: String
        /// HYPERVISOR and ARCHITECTURE of the app.
        let app: (String, String)
        /// Those of a VM template that has no condition and no OS itself.
        let requirements: String
        var isARM = false

        var testDescription: String { members }
    }

    static let platforms: [PlatformCase] = [
        // One hypervisor.
        .init(members: "", app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""hypervisor":"ALL""#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""hypervisor":"All""#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""hypervisor":"""#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""hypervisor":null"#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""hypervisor":[]"#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""hypervisor":{"a":1}"#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""hypervisor":"KVM""#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""hypervisor":" Lxc ""#, app: ("lxc", "all"), requirements: "HYPERVISOR=lxc"),
        .init(members: #""hypervisor":"vCenter""#, app: ("vcenter", "all"), requirements: "HYPERVISOR=vcenter"),
        // A bare word of the scheduler's language has no hyphen.
        .init(members: #""hypervisor":"QEMU-TCG""#, app: ("qemu-tcg", "all"), requirements: #"HYPERVISOR="qemu-tcg""#),
        // Several.
        .init(
            members: #""hypervisor":"Kvm, LXC""#, app: ("kvm, lxc", "all"),
            requirements: "(HYPERVISOR=kvm | HYPERVISOR=lxc)"),
        .init(
            members: #""hypervisor":["LXC","ALL","kvm"],"os-arch":"arm64""#, app: ("lxc, kvm", "aarch64"),
            requirements: "(HYPERVISOR=lxc | HYPERVISOR=kvm) & ARCH=aarch64", isARM: true),
        // Architectures.
        .init(members: #""os-arch":"""#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""os-arch":null"#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""os-arch":"all""#, app: ("kvm", "all"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""os-arch":"amd64""#, app: ("kvm", "x86_64"), requirements: "HYPERVISOR=kvm & ARCH=x86_64"),
        .init(members: #""os-arch":"x86_64""#, app: ("kvm", "x86_64"), requirements: "HYPERVISOR=kvm & ARCH=x86_64"),
        .init(
            members: #""os-arch":"arm64""#, app: ("kvm", "aarch64"), requirements: "HYPERVISOR=kvm & ARCH=aarch64",
            isARM: true),
        .init(
            members: #""os-arch":"AArch64""#, app: ("kvm", "aarch64"), requirements: "HYPERVISOR=kvm & ARCH=aarch64",
            isARM: true),
        .init(members: #""os-arch":"ppc64le""#, app: ("kvm", "ppc64le"), requirements: "HYPERVISOR=kvm"),
        .init(members: #""os-arch":"i686""#, app: ("kvm", "i686"), requirements: "HYPERVISOR=kvm"),
        .init(
            members: #""os-arch":["amd64","arm64"]"#, app: ("kvm", "x86_64, aarch64"),
            requirements: "HYPERVISOR=kvm & (ARCH=x86_64 | ARCH=aarch64)"),
        .init(
            members: #""os-arch":"x86_64, riscv64""#, app: ("kvm", "x86_64, riscv64"), requirements: "HYPERVISOR=kvm"),
        // A name that would end the condition, or match more than itself, is in none.
        .init(
            members: #""hypervisor":"k* | X=\"1","os-arch":"aarch64""#, app: (#"k* | x="1"#, "aarch64"),
            requirements: "ARCH=aarch64", isARM: true),
    ]

    private static let armSystem =
        #"ARCH="aarch64",FIRMWARE="/usr/share/AAVMF/AAVMF_CODE.fd",FIRMWARE_SECURE="no",MACHINE="virt""#

    @Test(arguments: platforms) func tellsOnWhichHostsItRuns(_ platform: PlatformCase) throws {
        let members = platform.members.isEmpty ? "" : "," + platform.members
        for (type, attribute) in [("IMAGE", "VMTEMPLATE64"), ("VMTEMPLATE", "APPTEMPLATE64")] {
            let result = try report(
                appliances: """
                    {"_id":"1","name":"x","type":"\(type)","opennebula_template":{"CPU":"1"}\(members)}
                    """)
            let app = try #require(result.apps.first)
            #expect(app["HYPERVISOR"] == platform.app.0 && app["ARCHITECTURE"] == platform.app.1)
            let requirements = Self.escaped(platform.requirements)
            // A VM template has one hypervisor or none.
            let hypervisor = platform.app.0.contains(",") ? "" : "HYPERVISOR=\"\(Self.escaped(platform.app.0))\"\n"
            #expect(
                try app.decoded(attribute) == "CPU=\"1\"\nSCHED_REQUIREMENTS=\"\(requirements)\"\n"
                    + (platform.isARM ? "OS=[\(Self.armSystem)]\n" : "") + hypervisor)
            #expect(result.warnings.isEmpty)
        }
    }

    private static func escaped(_ value: String) -> String { value.replacing("\"", with: "\\\"") }

    struct TemplateCase: CustomTestStringConvertible, Sendable {
        /// That of an app for KVM and aarch64.
        let template: String
        let machine: String
        var warnings: [String] = []

        var testDescription: String { template }
    }

    private static let armEnd = "SCHED_REQUIREMENTS=\"HYPERVISOR=kvm & ARCH=aarch64\"\n"

    static let templates: [TemplateCase] = [
        // The firmware of the host goes before the catalog's, each pair in its place.
        .init(
            template: #"{"OS":{"FIRMWARE":"UEFI","BOOT":"disk0","machine":"q35"},"CPU":"1"}"#,
            machine: #"OS=[FIRMWARE="/usr/share/AAVMF/AAVMF_CODE.fd",BOOT="disk0",MACHINE="virt",ARCH="aarch64","#
                + "FIRMWARE_SECURE=\"no\"]\nCPU=\"1\"\n\(armEnd)HYPERVISOR=\"kvm\"\n"),
        .init(
            template: #"{"os":{"ARCH":"x86_64","FIRMWARE_SECURE":"YES"}}"#,
            machine: #"OS=[ARCH="aarch64",FIRMWARE_SECURE="no",FIRMWARE="/usr/share/AAVMF/AAVMF_CODE.fd","#
                + "MACHINE=\"virt\"]\n\(armEnd)HYPERVISOR=\"kvm\"\n"),
        .init(template: #"{"OS":{}}"#, machine: "OS=[\(armSystem)]\n\(armEnd)HYPERVISOR=\"kvm\"\n"),
        .init(template: #"{"OS":null}"#, machine: "OS=[\(armSystem)]\n\(armEnd)HYPERVISOR=\"kvm\"\n"),
        .init(
            template: #"{"OS":"linux"}"#, machine: "OS=[\(armSystem)]\n\(armEnd)HYPERVISOR=\"kvm\"\n",
            warnings: ["what its template has in OS is left out"]),
        // The template's own condition stays, in parentheses; its hypervisor doesn't.
        .init(
            template: #"{"SCHED_REQUIREMENTS":"ID=1 | ID=2","HYPERVISOR":"lxc"}"#,
            machine: "SCHED_REQUIREMENTS=\"(ID=1 | ID=2) & HYPERVISOR=kvm & ARCH=aarch64\"\n"
                + "HYPERVISOR=\"kvm\"\nOS=[\(armSystem)]\n"),
        .init(
            template: #"{"sched_requirements":"","hypervisor":""}"#,
            machine: "\(armEnd)HYPERVISOR=\"kvm\"\nOS=[\(armSystem)]\n"),
        .init(
            template: #"{"SCHED_REQUIREMENTS":["ID=1"]}"#, machine: "\(armEnd)OS=[\(armSystem)]\nHYPERVISOR=\"kvm\"\n",
            warnings: ["what its template has in SCHED_REQUIREMENTS is left out"]),
        .init(
            template: #"{"OS":{"BOOT":"disk0"},"Os":{"BOOT":"nic0"}}"#,
            machine: "OS=[BOOT=\"disk0\",\(armSystem)]\n\(armEnd)HYPERVISOR=\"kvm\"\n",
            warnings: ["the second attribute OS of its template is left out"]),
    ]

    @Test(arguments: templates) func putsThePlatformIntoTheTemplate(_ templateCase: TemplateCase) throws {
        let result = try report(
            appliances:
                #"{"_id":"1","name":"x","hypervisor":"KVM","os-arch":"arm64","opennebula_template":\#(templateCase.template)}"#
        )
        #expect(try result.apps.first?.decoded("VMTEMPLATE64") == templateCase.machine)
        #expect(result.warnings.count == templateCase.warnings.count)
        for (warning, text) in zip(result.warnings, templateCase.warnings) { #expect(warning.contains(text)) }
    }
}
