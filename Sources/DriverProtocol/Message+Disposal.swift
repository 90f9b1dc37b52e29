import Posix

extension Message {
    private static let dispose = Input.optional(
        "DISPOSE", default: "NO", "`YES` runs `DISPOSE_CMD` at the end, also after a failure.")
    private static let disposeCommand = Input.optional(
        "DISPOSE_CMD", "Command that removes a temporary image. It runs without a shell.")
    /// What ``disposeOfSource(log:)`` reads.
    package static let disposalInputs = [dispose, disposeCommand]

    /// Runs the DISPOSE_CMD of an import whose DISPOSE is YES: it removes a temporary file that a datastore has made,
    /// and must run however the import ended. The command is split into words; no shell runs it.
    func disposeOfSource(log: Log) {
        guard (try? flag(Self.dispose)) == true, let line = value(Self.disposeCommand) else {
            return
        }
        let command = Command.words(of: line)
        guard let program = command.first else { return }
        do {
            let result = try Command(command).run(timeout: 300, interruptible: false)
            guard !result.status.isSuccess else { return }
            log.warning("DISPOSE_CMD failed, remove the temporary image by hand: \(program): \(result.reason)")
        } catch {
            log.warning("DISPOSE_CMD failed, remove the temporary image by hand: \(error)")
        }
    }
}
