/// What a launcher under `remotes/` runs for oned: a backend's `import`, `delete`, `monitor` or `export`.
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
