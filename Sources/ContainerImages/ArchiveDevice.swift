import Glibc

/// A device of an archive.
struct ArchiveDevice: Equatable {
    let isBlock: Bool
    /// Without the file's kind.
    let mode: UInt32
    let owner: UInt32
    let group: UInt32
    let major: UInt32
    let minor: UInt32

    /// The bits of the file's kind.
    var kind: mode_t { isBlock ? S_IFBLK : S_IFCHR }
}
