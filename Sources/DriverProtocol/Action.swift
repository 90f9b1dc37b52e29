import Posix
import XML

/// One executable under `remotes/`: a backend's `import`, `delete`, `monitor` or `export`.
package protocol Action: Program {
    /// The elements of the message that must be there and not empty, as paths below the root.
    static var inputs: [String] { get }
    /// Those of ``inputs`` that this message must have.
    static func inputs(for message: Message) -> [String]
    /// The elements that must be there besides, unless `--to` names a file for the result. Empty for an action without
    /// `--to`.
    static var datastoreInputs: [String] { get }
    /// Does the work. Undoes what it has begun if it throws.
    static func run(_ request: Request) throws -> Reply
    /// Called once a message has been read, however the action ends: an import removes the temporary image that a
    /// datastore has made for it, other actions do nothing.
    static func cleanUp(after message: Message, log: Log)
}

extension Action {
    package static var datastoreInputs: [String] { [] }

    package static func inputs(for message: Message) -> [String] { inputs }

    package static func cleanUp(after message: Message, log: Log) {
        if name.hasSuffix("/import") { message.disposeOfSource(log: log) }
    }
}

/// The input of an action.
package struct Request: Sendable {
    package let message: Message
    /// The id of the object that oned means: an app, or a marketplace for `monitor`.
    package let id: Int
    package let log: Log
    package let installation: Installation
    package let settings: Settings
    package let transfer: TransferPreferences
    /// The path of the file for the result instead of a datastore, or nil: `--to`.
    package let target: String?

    package init(
        message: Message, id: Int, log: Log, installation: Installation, settings: Settings,
        transfer: TransferPreferences = TransferPreferences(), target: String? = nil
    ) {
        self.message = message
        self.id = id
        self.log = log
        self.installation = installation
        self.settings = settings
        self.transfer = transfer
        self.target = target
    }
}

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

/// The reply of `datastore/*/export`: the place and the kind of the image for `market/*/import`.
package struct ImportInfo {
    /// The elements' names, which the driver manager hands on to `import`.
    package static let rootName = "IMPORT_INFO"

    package let source: String
    /// Nil if `import` computes it from the bytes that it reads.
    package let md5: String?
    /// MB.
    package let size: UInt64
    package let format: String

    package init(source: String, md5: String?, size: UInt64, format: String) {
        self.source = source
        self.md5 = md5
        self.size = size
        self.format = format
    }

    package var reply: Reply {
        let elements = [
            ("IMPORT_SOURCE", source), ("MD5", md5 ?? ""), ("SIZE", String(size)), ("FORMAT", format),
            ("DISPOSE", "NO"),
        ]
        let body = elements.map { "<\($0.0)>\(XMLText.characterData($0.1))</\($0.0)>" }.joined()
        return Reply("<\(Self.rootName)>\(body)</\(Self.rootName)>\n")
    }
}
