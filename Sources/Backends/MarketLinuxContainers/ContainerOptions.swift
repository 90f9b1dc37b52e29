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
    private static let imageSizeInput = Input.optional(
        path + "IMAGE_SIZE_MB", default: "2048", "Size of the disk image in MB: 16 (xfs: 300) to 67108864.")
    private static let fileSystemInput = Input.optional(
        path + "FILESYSTEM", default: "ext4", "File system of the image: `ext4` or `xfs`.")
    private static let formatInput = Input.optional(
        path + "FORMAT", default: "raw", "Format of the image: `raw` or `qcow2`.")
    private static let untestedInput = Input.optional(
        path + "SKIP_UNTESTED", default: "YES",
        "`NO` also lists distributions that are not tested with the context packages.")
    private static let memoryInput = Input.optional(
        path + "MEMORY", default: "768", "Memory in MB, for the VM template.")
    private static let cpuInput = Input.optional(path + "CPU", default: "1", "Share of CPU, for the VM template.")
    private static let vcpuInput = Input.optional(
        path + "VCPU", default: "2", "Number of virtual CPUs, for the VM template.")
    private static let privilegedInput = Input.optional(
        path + "PRIVILEGED", default: "YES", "`NO` makes unprivileged containers (`LXC_UNPRIVILEGED = \"true\"`).")
    static let inputs =
        [
            ContainerSource.endpoint, imageSizeInput, fileSystemInput, formatInput, untestedInput, memoryInput,
            cpuInput, vcpuInput,
        ] + ContainerSource.contextInputs + [privilegedInput, ContainerSource.verify]

    /// Throws a ``DriverError`` that names an attribute with a bad value.
    init(_ request: Request) throws(DriverError) {
        let message = request.message
        fileSystem = try Self.choice(message, Self.fileSystemInput, default: .ext4)
        imageSize = try message.number(Self.imageSizeInput) ?? 0
        guard fileSystem.sizes.contains(imageSize) else {
            throw message.invalid(
                Self.imageSizeInput, "is out of range for \(fileSystem.rawValue)",
                remedy: "give \(fileSystem.sizes.lowerBound) to \(fileSystem.sizes.upperBound) MB")
        }
        format = try Self.choice(message, Self.formatInput, default: .raw)
        let context = try ContextOptions(request)
        (self.context, isContextualized) = (context.fingerprint(request), !context.isOff)
        skipsUntested = try message.flag(Self.untestedInput)
        memory = try Self.positive(message, Self.memoryInput)
        vcpu = try Self.positive(message, Self.vcpuInput)
        cpu = try message.required(Self.cpuInput)
        guard let share = Double(cpu), share > 0, share < 1e6,
            cpu.utf8.allSatisfy({ isDigit($0) || $0 == UInt8(ascii: ".") })
        else {
            throw message.invalid(Self.cpuInput, "is no share of a CPU", remedy: "write a number, as in 1 or 0.5")
        }
        isPrivileged = try message.flag(Self.privilegedInput)
        verifies = try message.flag(ContainerSource.verify)
    }

    private static func positive(_ message: Message, _ input: Input) throws(DriverError) -> UInt64 {
        guard let number = try message.number(input), number > 0 else {
            throw message.invalid(input, "is too small", remedy: "give 1 or more")
        }
        return number
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(
        _ message: Message, _ input: Input, default standard: Choice
    ) throws(DriverError) -> Choice where Choice.RawValue == String {
        guard let text = message.value(input) else { return standard }
        guard let choice = Choice(rawValue: text.lowercased()) else {
            throw message.invalid(
                input, "is not known",
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
