/// The caller's wishes for a program's transfers, beside those of the message.
package struct TransferPreferences: Sendable, Equatable {
    /// Bytes per second at most, instead of the message's LIMIT_TRANSFER_BW; nil keeps that.
    package var bandwidthLimit: UInt64?
    /// Whether a transient failure is tried again.
    package var retries = true

    package init() {}
}
