/// What a launcher under `remotes/` runs for oned: a backend's `import`, `delete`, `monitor` or `export`.
package protocol Action: Program {
    /// What it reads of the message.
    static var inputs: [Input] { get }
    /// Those of ``inputs`` that this message must have.
    static func requiredInputs(for message: Message) -> [Input]
    /// What it reads besides, unless `--to` names a file for the result. Empty for an action without `--to`.
    static var datastoreInputs: [Input] { get }
    /// What it reads if the message happens to have it: attributes of a marketplace that the source of an image heeds,
    /// or of a datastore that is not what it is about.
    static var sourceInputs: [Input] { get }
    /// Does the work. Undoes what it has begun if it throws.
    static func run(_ request: Request) throws -> Reply
    /// Called once a message has been read, however the action ends: an import removes the temporary image that a
    /// datastore has made for it, other actions do nothing.
    static func cleanUp(after message: Message, log: Log)
}

extension Action {
    package static var datastoreInputs: [Input] { [] }

    package static var sourceInputs: [Input] { [] }

    package static func requiredInputs(for message: Message) -> [Input] { inputs.filter(\.isRequired) }

    package static func cleanUp(after message: Message, log: Log) {
        if name.hasSuffix("/import") { message.disposeOfSource(log: log) }
    }
}
