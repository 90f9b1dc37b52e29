/// What the first bytes of an image say of it, if nothing else is known.
package enum ImageSignature {
    private static let tarBlock = 512

    /// The signatures of the images that qemu-img takes for anything but raw, with their offsets. Descriptions of
    /// VMware's disks are text, which may begin with a comment or a blank.
    private static let signatures: [(offset: Int, text: [UInt8])] =
        [
            "QFI\u{FB}", "KDMV", "COWD", "vhdxfile", "conectix", "QED\0", "WithoutFreeSpace", "WithouFreSpacExt",
            "Bochs Virtual HD Image", "#", " ", "\n", "version=",
        ].map { (0, $0.unicodeScalars.map { UInt8($0.value) }) } + [(64, [0x7F, 0x10, 0xDA, 0xBE])]

    /// Whether an image that begins with `head` may be of another format than raw: qemu-img has to look at all of it
    /// then.
    package static func isNotRaw(_ head: [UInt8]) -> Bool {
        signatures.contains { head.dropFirst($0.offset).starts(with: $0.text) }
    }

    /// Whether `head` begins a tar archive whose first file is a disk as `rbd export` writes it: a backup of a VM.
    /// Directories, and records of attributes, may come before that.
    package static func isCephBackup(_ head: [UInt8]) -> Bool {
        var rest = head[...]
        while rest.dropFirst(257).starts(with: "ustar".utf8), let type = rest.dropFirst(156).first {
            guard "5xg".utf8.contains(type) else {
                let name = String(decoding: rest.prefix(100).prefix { $0 != 0 }, as: UTF8.self)
                return name.wholeMatch(of: /(\.\/)?disk\.[0-9]+(\.[0-9]+)?\.(rbd2|rbdiff)/) != nil
            }
            // The records' length, in octal digits; a directory has none.
            let digits = String(decoding: rest.dropFirst(124).prefix(11), as: UTF8.self)
            let length = Int(digits, radix: 8) ?? 0
            rest = rest.dropFirst(tarBlock).dropFirst((min(length, head.count) + tarBlock - 1) / tarBlock * tarBlock)
        }
        return false
    }
}
