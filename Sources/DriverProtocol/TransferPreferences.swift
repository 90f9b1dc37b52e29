/// What the one who runs a program wants of its transfers, beside what the message says.
package struct TransferPreferences: Sendable, Equatable {
    /// Bytes a second at most, in place of LIMIT_TRANSFER_BW; nil leaves that to the message.
    package var bandwidthLimit: UInt64?
    /// Whether what fails, and may pass by itself, is tried again.
    package var retries = true

    package init() {}
}
