import Posix
import XML

/// One executable under `remotes/`: a backend's `import`, `delete`, `monitor` or `export`.
public protocol Action {
    /// Its path under `remotes/`: `market/http/import`.
    static var name: String { get }
    /// What it does and prints, for `--help`.
    static var purpose: String { get }
    /// The elements of the message that must be there and not empty, as paths below the root.
    static var inputs: [String] { get }
    /// Does the work. Whatever it has begun is undone when it throws.
    static func run(_ request: Request) throws -> Reply
    /// What is owed once a message has been read, however the action ends: an import removes the temporary image that a
    /// datastore has made for it, the others owe nothing.
    static func settle(_ message: Message, log: Log)
}

extension Action {
    public static func settle(_ message: Message, log: Log) {
        if name.hasSuffix("/import") { disposeOfSource(message, log: log) }
    }
}

/// What an action works on.
public struct Request: Sendable {
    public let message: Message
    /// The object that oned means, as it gave it: an app's id, or a marketplace's for `monitor`.
    public let id: Int
    public let log: Log
    public let installation: Installation
    public let settings: Settings

    public init(message: Message, id: Int, log: Log, installation: Installation, settings: Settings) {
        self.message = message
        self.id = id
        self.log = log
        self.installation = installation
        self.settings = settings
    }
}

/// What an action prints when it has succeeded.
public struct Reply {
    /// Written to standard output, whole, at the very end.
    public let bytes: [UInt8]
    /// Takes back what the action has done, where the reply can't be delivered.
    public let undo: () -> Void
    /// Settles what was owed until the reply was delivered. Where it throws, the action has failed, and is taken back.
    public let confirm: () throws -> Void

    public init(_ text: String = "", undo: @escaping () -> Void = {}) {
        self.init(bytes: Array(text.utf8), undo: undo)
    }

    public init(
        bytes: [UInt8], undo: @escaping () -> Void = {}, confirm: @escaping () throws -> Void = {}
    ) {
        self.bytes = bytes
        self.undo = undo
        self.confirm = confirm
    }

    /// The answer of `import` and `export`. `size` in MB.
    public init(
        source: String, md5: String, size: UInt64, format: String, undo: @escaping () -> Void = {}
    ) {
        var template = Template()
        template.append("SOURCE", source)
        template.append("MD5", md5)
        template.append("SIZE", String(size))
        template.append("FORMAT", format)
        self.init(template.text, undo: undo)
    }

    /// The answer of `monitor` for a marketplace that has room of its own, in MB.
    public init(usedMB: UInt64, freeMB: UInt64, totalMB: UInt64) {
        self.init("USED_MB=\(usedMB)\nFREE_MB=\(freeMB)\nTOTAL_MB=\(totalMB)\n")
    }
}

/// The answer of `datastore/*/export`: where `market/*/import` finds the image, and what it is.
public struct ImportInfo {
    /// The elements' names, which the driver manager hands on to `import`.
    public static let rootName = "IMPORT_INFO"

    public let source: String
    /// Nil where `import` computes it from the bytes that it reads.
    public let md5: String?
    /// MB.
    public let size: UInt64
    public let format: String

    public init(source: String, md5: String?, size: UInt64, format: String) {
        self.source = source
        self.md5 = md5
        self.size = size
        self.format = format
    }

    public var reply: Reply {
        let elements = [
            ("IMPORT_SOURCE", source), ("MD5", md5 ?? ""), ("SIZE", String(size)), ("FORMAT", format),
            ("DISPOSE", "NO"),
        ]
        let body = elements.map { "<\($0.0)>\(characterData($0.1))</\($0.0)>" }.joined()
        return Reply("<\(Self.rootName)>\(body)</\(Self.rootName)>\n")
    }
}
