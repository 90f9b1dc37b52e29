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
    /// The same request for an action that only tries what others need: ``TransferPreferences/isTrial``.
    package var trial: Request {
        var (transfer, settings) = (transfer, settings)
        transfer.isTrial = true
        transfer.retries = false
        settings.sshConnectTimeout = min(settings.sshConnectTimeout, TransferPreferences.trialTimeout)
        return Request(
            message: message, id: id, log: log, installation: installation, settings: settings, transfer: transfer,
            target: target)
    }
}
