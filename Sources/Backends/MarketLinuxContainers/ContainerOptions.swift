import Bytes
import Catalog
import ContainerImages
import DriverProtocol

/// The options of images and virtual machines in the marketplace's template.
struct ContainerOptions {
    /// MB.
    let imageSize: UInt64
    let fileSystem: ContainerImage.FileSystem
    let format: ContainerImage.Format
    /// Everything of the packages that are installed in the image on which it depends.
    let context: String
    /// Whether images get packages for OpenNebula.
    let isContextualized: Bool
    /// Whether distributions are left out with which nobody has tried OpenNebula's context packages.
    let skipsUntested: Bool
    /// MB.
    let memory: UInt64
    let cpu: String
    let vcpu: UInt64
    /// Whether root in the container is root of the host.
    let isPrivileged: Bool
    /// Whether images must have a SHA-256 to be offered.
    let verifies: Bool

    private static let path = "MARKETPLACE/TEMPLATE/"

    /// Throws a ``DriverError`` that names an attribute with a bad value.
    init(_ request: Request) throws(DriverError) {
        let message = request.message
        fileSystem = try Self.choice(message, "FILESYSTEM", default: .ext4)
        imageSize = try message.number(Self.path + "IMAGE_SIZE_MB") ?? 2048
        guard fileSystem.sizes.contains(imageSize) else {
            throw message.invalid(
                Self.path + "IMAGE_SIZE_MB", "is out of range for \(fileSystem.rawValue)",
                remedy: "give \(fileSystem.sizes.lowerBound) to \(fileSystem.sizes.upperBound) MB")
        }
        format = try Self.choice(message, "FORMAT", default: .raw)
        let context = try ContextOptions(request)
        (self.context, isContextualized) = (context.fingerprint(request), !context.isOff)
        skipsUntested = try message.flag(Self.path + "SKIP_UNTESTED", default: true)
        memory = try Self.positive(message, "MEMORY", default: 768)
        vcpu = try Self.positive(message, "VCPU", default: 2)
        cpu = message.value(Self.path + "CPU") ?? "1"
        guard let share = Double(cpu), share > 0, share < 1e6,
            cpu.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") })
        else {
            throw message.invalid(Self.path + "CPU", "is no share of a CPU", remedy: "write a number, as in 1 or 0.5")
        }
        isPrivileged = try message.flag(Self.path + "PRIVILEGED", default: true)
        verifies = try message.flag(Self.path + "VERIFY", default: true)
    }

    private static func positive(
        _ message: Message, _ attribute: String, default standard: UInt64
    ) throws(DriverError) -> UInt64 {
        let number = try message.number(path + attribute) ?? standard
        guard number > 0 else {
            throw message.invalid(path + attribute, "is too small", remedy: "give 1 or more")
        }
        return number
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ message: Message, _ attribute: String, default standard: Choice
    ) throws(DriverError) -> Choice where Choice.RawValue == String {
        guard let text = message.value(path + attribute) else { return standard }
        guard let choice = Choice(rawValue: text.lowercased()) else {
            throw message.invalid(
                path + attribute, "is not known",
                remedy: "write one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    /// Everything that an app depends on besides its file.
    var fingerprint: String {
        "size=\(imageSize) filesystem=\(fileSystem.rawValue) format=\(format.rawValue) memory=\(memory) cpu=\(cpu) "
            + "vcpu=\(vcpu) privileged=\(isPrivileged)" + context
    }

    /// Returns the VM template of a container on `architecture`, in OpenNebula's word for it.
    func machineTemplate(architecture: String) throws(AppReport.Unusable) -> AppTemplate {
        var template = AppTemplate()
        try template.append("SCHED_REQUIREMENTS", "HYPERVISOR=lxc & ARCH=\(architecture)")
        try template.append("CPU", cpu)
        try template.append("VCPU", String(vcpu))
        try template.append("MEMORY", String(memory))
        try template.append("LXC_UNPRIVILEGED", isPrivileged ? "false" : "true")
        template.beginVector("GRAPHICS")
        try template.append("LISTEN", "0.0.0.0")
        try template.append("TYPE", "vnc")
        template.endVector()
        template.beginVector("CONTEXT")
        try template.append("NETWORK", "YES")
        try template.append("SSH_PUBLIC_KEY", "$USER[SSH_PUBLIC_KEY]")
        try template.append("SET_HOSTNAME", "$NAME")
        template.endVector()
        // Without it, a host with AppArmor starts no privileged container.
        template.beginVector("RAW")
        try template.append("TYPE", "lxc")
        try template.append("DATA", "lxc.apparmor.profile=unconfined")
        template.endVector()
        try template.append("HYPERVISOR", "lxc")
        return template
    }
}
