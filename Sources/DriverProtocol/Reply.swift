/// The output of an action that has succeeded.
package struct Reply {
    /// Written to standard output, whole, at the very end.
    package let bytes: [UInt8]
    /// Takes back the action's work if the reply can't be delivered.
    package let undo: () -> Void
    /// Completes the work once the reply has been written. If it throws, the action has failed and is taken back.
    package let confirm: () throws -> Void

    package init(_ text: String = "", undo: @escaping () -> Void = {}) {
        self.init(bytes: Array(text.utf8), undo: undo)
    }

    package init(
        bytes: [UInt8], undo: @escaping () -> Void = {}, confirm: @escaping () throws -> Void = {}
    ) {
        self.bytes = bytes
        self.undo = undo
        self.confirm = confirm
    }

    /// The reply of `import` and `export`. `size` in MB.
    package init(
        source: String, md5: String, size: UInt64, format: String, undo: @escaping () -> Void = {}
    ) {
        var template = Template()
        template.append("SOURCE", source)
        template.append("MD5", md5)
        template.append("SIZE", String(size))
        template.append("FORMAT", format)
        self.init(template.text, undo: undo)
    }

    /// The reply of `monitor` for a marketplace that has room of its own, in MB.
    package init(usedMB: UInt64, freeMB: UInt64, totalMB: UInt64) {
        self.init("USED_MB=\(usedMB)\nFREE_MB=\(freeMB)\nTOTAL_MB=\(totalMB)\n")
    }
}
