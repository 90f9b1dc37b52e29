/// What is to be installed in a container's root file system.
struct ContextInstallation {
    /// Chosen by the container's os-release, and by what the container has.
    let manager: PackageManager
    /// Verified copies of OpenNebula's packages.
    let files: [ContextFile]
    /// Packages of the distribution, in the order in which they are told to its package manager.
    let names: [String]
    /// Those of the names that CONTEXT_EXTRA_PACKAGES has.
    let extraNames: [String]
    /// Packages that some releases of the distribution lack: each is tried by itself, and a missing one is no error.
    let optional: [String]
}

/// The package manager of a distribution.
enum PackageManager: String, Sendable {
    /// ALT's, too, whose packages are RPMs.
    case apt
    case dnf, yum, zypper, apk
}

/// A file of a package, in the work directory.
struct ContextFile: Equatable {
    let path: String
    /// As its makers have named it: `one-context_7.2.1-0.deb`.
    let name: String
}
