import DriverProtocol

/// `market/*/delete`. An app without SOURCE needs no marketplace that can be used: see ``ImportJournal/deleteApp``.
package protocol AppDeletion: Action {}

extension AppDeletion {
    package static func requiredInputs(for message: Message) -> [Input] {
        message.value(.appSourceIfAny) == nil ? [] : inputs.filter(\.isRequired)
    }
}

extension ImportJournal {
    /// What ``deleteApp(_:_:remove:)`` reads.
    package static let deletionInputs: [Input] = [.appSourceIfAny, .appID]

    /// `market/*/delete`: removes an app by its SOURCE or, if it has none, everything that its imports have left.
    ///
    /// An app without SOURCE is one whose import has failed, or still runs. Its deletion succeeds even if the
    /// marketplace cannot be used: that may be why the import has failed.
    package static func deleteApp<Market: Publications>(
        _ request: Request, _ market: () throws -> Market, remove: (Market) throws -> Void
    ) throws -> Reply {
        if request.message.value(.appSourceIfAny) != nil {
            let market = try market()
            try remove(market)
            ImportJournal(request, market).forget()
            return Reply()
        }
        _ = try request.message.required(.appID)
        let used: Market
        do {
            used = try market()
        } catch let error as DriverError {
            request.log.warning(
                "the app has no SOURCE, and what an import may have left of it cannot be looked for: \(error)")
            return Reply()
        }
        try ImportJournal(request, used).delete()
        return Reply()
    }
}
