/// The caller's wishes for a program's transfers, beside those of the message.
package struct TransferPreferences: Sendable, Equatable {
    /// Bytes per second at most, instead of the message's LIMIT_TRANSFER_BW; nil keeps that.
    package var bandwidthLimit: UInt64?
    /// Whether a transient failure is tried again.
    package var retries = true
    /// Whether the program only tries what others need: nothing is kept for later, nothing is tried again, and a server
    /// may be silent for ``trialTimeout``.
    package var isTrial = false
    /// Seconds.
    package static let trialTimeout = 12

    package init() {}
}
