import Bytes
import DriverProtocol

extension S3Market {
    /// Returns the address of the object of the message's app. Throws a ``DriverError`` if the app has no id.
    package func object(of message: Message) throws(DriverError) -> S3Address {
        let id = try message.required(.appID)
        guard id.utf8.allSatisfy(isDigit) else {
            throw message.invalid(.appID, "is no number", remedy: "pass the message as oned writes it")
        }
        return object(ofApp: id)
    }
}

/// A marketplace's bucket, and the actions' work on it.
package struct S3Marketplace: Sendable {
    /// The seconds that an upload may stay open without a new part before it counts as left behind.
    private static let abandonmentAge = 86_400

    /// The settings in its template.
    package let market: S3Market
    package let client: S3Client

    /// Reads the message's template. Throws a ``DriverError`` that names the attribute of a value that cannot be used.
    package init(_ request: Request) throws(DriverError) {
        market = try S3Market(request.message, request.transfer, log: request.log)
        client = S3Client(market.service, log: request.log)
    }

    private var log: Log { client.log }

    /// Returns the identity of an app: oned uses an id only once with the same time.
    package static func owner(_ message: Message) -> String {
        [Input.appZone, .appMarketplace, .appID, .appTime].map { input in
            String((message.value(input) ?? "-").filter { $0.isASCII && ($0.isNumber || $0 == "-") })
        }.joined(separator: ".")
    }

    /// Returns the bucket's description by HEAD, or nil if it is missing and CREATE_BUCKET lets an import make it.
    /// Throws a ``DriverError`` in the service's own words if it is missing otherwise.
    ///
    /// - Parameter countsBytes: as for ``S3Client/head(bucket:countsBytes:)``.
    package func bucket(countsBytes: Bool = false) throws -> S3Bucket? {
        if let found = try client.head(bucket: market.bucket, countsBytes: countsBytes) { return found }
        guard market.createsBucket else { throw try client.missing(bucket: market.bucket) }
        return nil
    }

    /// Makes the bucket if that is wanted, checks that the name is free, and removes what killed imports have left.
    ///
    /// An object of that name is refused, unless it was uploaded for this same app: its response was lost then, and it
    /// is removed.
    package func prepare(_ object: S3Address, owner: String) throws {
        // Some services create a bucket when something is put into it: whether it may be made is checked first.
        if try bucket() == nil {
            log.info("creating the bucket \(quoted(market.bucket))")
            try client.create(bucket: market.bucket)
        }
        let found = try client.head(object)
        if let found, found.metadata[ObjectUpload.ownerField] != owner {
            throw DriverError(
                "upload", client.name(of: object),
                cause: "there is an object of that name already",
                remedy: "remove it, or choose another APP_PREFIX")
        }
        abortAbandoned(object)
        if found != nil { try removeLeftover(object) }
    }

    private func removeLeftover(_ object: S3Address) throws {
        log.warning("removing \(quoted(object.key)): an earlier import of this app has left it")
        try client.delete(object)
    }

    /// Aborts open uploads of this marketplace that have got nothing for a day, and those of `object` in every case:
    /// the app is not imported twice at the same time. Failures do not matter to what follows.
    package func abortAbandoned(_ object: S3Address? = nil) {
        do {
            var uploads = try client.openUploads(bucket: market.bucket, prefix: market.prefix + "-")
            // The object's own first: if the others' parts may not be listed, these are gone.
            _ = uploads.partition { $0.object != object }
            for upload in uploads where market.isOwn(upload.object.key) {
                guard
                    try upload.object == object || (client.idleTime(of: upload) ?? 0) > Self.abandonmentAge
                else { continue }
                log.warning("aborting an upload of \(quoted(upload.object.key)) that was left open")
                try client.abortUpload(upload.id, of: upload.object)
            }
        } catch {
            log.warning("cannot look for uploads that were left open: \(error)")
        }
    }

    /// Removes the object if it was uploaded for that ``owner(_:)``. Returns whether it was.
    package func remove(_ object: S3Address, ofOwner owner: String) throws -> Bool {
        guard try client.head(object)?.metadata[ObjectUpload.ownerField] == owner else { return false }
        try removeLeftover(object)
        return true
    }
}

extension S3Market {
    /// Whether a key is `APP_PREFIX-` and digits: objects of other users of the bucket are left alone.
    package func isOwn(_ key: String) -> Bool {
        let beginning = Array("\(prefix)-".utf8)
        guard key.utf8.starts(with: beginning) else { return false }
        let id = key.utf8.dropFirst(beginning.count)
        return !id.isEmpty && id.allSatisfy(isDigit)
    }
}
