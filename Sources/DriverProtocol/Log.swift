import Posix

/// Lines for the driver manager's log, on standard error: `INFO: 12 market/http/import: app 12 "Ubuntu 24.04": text`.
///
/// The manager recognises such lines by the level and passes them on; every other line on standard error is the error
/// that the user sees.
package struct Log: Sendable {
    package enum Level: String, Sendable, CaseIterable {
        case error = "ERROR"
        case warning = "WARN"
        case info = "INFO"
        case debug = "DEBUG"
    }

    private let prefix: String
    private let write: @Sendable (String) -> Void

    /// A log of `action` on the object `id`, whose name is `object`. Each finished line is given to `write`.
    package init(
        action: String, id: String, object: ObjectName? = nil, write: @escaping @Sendable (String) -> Void
    ) {
        prefix = "\(id) \(action): " + (object.map { "\($0): " } ?? "")
        self.write = write
    }

    package func info(_ text: String) { line(.info, text) }
    package func warning(_ text: String) { line(.warning, text) }

    private func line(_ level: Level, _ text: String) {
        write(oneLine("\(level.rawValue): \(prefix)\(text)") + "\n")
    }
}
