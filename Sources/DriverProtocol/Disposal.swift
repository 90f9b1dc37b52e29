import Posix

/// Runs the DISPOSE_CMD of an import message whose DISPOSE is YES: a datastore has made a temporary file for the import,
/// which must go however the import ended. The command is split into words; no shell runs it.
func disposeOfSource(_ message: Message, log: Log) {
    guard (try? message.flag("DISPOSE", default: false)) == true, let line = message.value("DISPOSE_CMD") else {
        return
    }
    let command = words(ofCommand: line)
    guard let program = command.first else { return }
    do {
        let result = try Command(command).run(timeout: 300, interruptible: false)
        guard !result.status.isSuccess else { return }
        log.warning("DISPOSE_CMD failed, remove the temporary image by hand: \(program): \(result.reason)")
    } catch {
        log.warning("DISPOSE_CMD failed, remove the temporary image by hand: \(error)")
    }
}
