import DriverProtocol

extension S3Market {
    /// The key of the message's app.
    package func objectKey(of message: Message) throws(DriverError) -> String {
        let id = try message.required("MARKETPLACEAPP/ID")
        guard id.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw message.invalid("MARKETPLACEAPP/ID", "is no number", remedy: "pass the message as oned writes it")
        }
        return key(ofApp: id)
    }
}

/// A marketplace's bucket, and what the actions do to it.
package struct S3Marketplace: Sendable {
    /// How long an upload may stay open without a new part before it counts as left behind, in seconds.
    private static let patience = 86_400

    /// What its template says.
    package let market: S3Market
    package let client: S3Client

    /// Reads the message's template. A value that cannot be used is a ``DriverError`` that names its attribute.
    package init(_ request: Request) throws(DriverError) {
        market = try S3Market(request.message, request.transfer, log: request.log)
        client = S3Client(market.service, log: request.log)
    }

    private var log: Log { client.log }

    /// What tells an app from every other one: oned gives an id once, and the time with it.
    package static func owner(_ message: Message) -> String {
        ["ZONE_ID", "MARKETPLACE_ID", "ID", "REGTIME"].map { name in
            String((message.value("MARKETPLACEAPP/\(name)") ?? "-").filter { $0.isASCII && ($0.isNumber || $0 == "-") })
        }.joined(separator: ".")
    }

    /// Returns what HEAD tells of the bucket; nil if it is missing and CREATE_BUCKET lets an import make it. Throws a
    /// ``DriverError`` in the service's own words if it is missing otherwise.
    ///
    /// - Parameter countsBytes: as for ``S3Client/head(bucket:countsBytes:)``.
    package func bucket(countsBytes: Bool = false) throws -> S3Bucket? {
        if let found = try client.head(bucket: market.bucket, countsBytes: countsBytes) { return found }
        guard market.createsBucket else { throw try client.missing(bucket: market.bucket) }
        return nil
    }

    /// Makes the bucket where that is wanted, sees that the name is free, and clears what killed imports have left.
    ///
    /// An object of that name is refused, unless it was uploaded for this same app: then its answer was lost, and it is
    /// removed.
    package func prepare(key: String, owner: String) throws {
        // Some services create a bucket that something is put into: whether it may be made is asked first.
        if try bucket() == nil {
            log.info("creating the bucket \(quoted(market.bucket))")
            try client.create(bucket: market.bucket)
        }
        let found = try client.head(bucket: market.bucket, key: key)
        if let found, found.metadata[ObjectUpload.ownerField] != owner {
            throw DriverError(
                "upload", client.name(bucket: market.bucket, key: key),
                cause: "there is an object of that name already",
                remedy: "remove it, or choose another APP_PREFIX")
        }
        abortAbandoned(key: key)
        guard found != nil else { return }
        log.warning("removing \(quoted(key)): an earlier import of this app has left it")
        try client.delete(bucket: market.bucket, key: key)
    }

    /// Aborts open uploads of this marketplace that nothing has come to for a day, and those of `key` in every case:
    /// the app is not imported twice at the same time. Failures do not matter to what follows.
    package func abortAbandoned(key: String? = nil) {
        do {
            func isOfKey(_ upload: S3OpenUpload) -> Bool { key.map { haveSameBytes(upload.key, $0) } == true }
            var uploads = try client.openUploads(bucket: market.bucket, prefix: market.prefix + "-")
            // The key's own first: where the others' parts may not be listed, these are gone.
            _ = uploads.partition { !isOfKey($0) }
            for upload in uploads where market.isOwn(upload.key) {
                let isAbandoned =
                    try isOfKey(upload) || (client.idleTime(of: upload, bucket: market.bucket) ?? 0) > Self.patience
                guard isAbandoned else { continue }
                log.warning("aborting an upload of \(quoted(upload.key)) that was left open")
                try client.abortUpload(upload.id, bucket: market.bucket, key: upload.key)
            }
        } catch {
            log.warning("cannot look for uploads that were left open: \(error)")
        }
    }

    /// Removes the object of that name if it was uploaded for that ``owner(_:)``. Returns whether it was.
    package func removeObject(ofOwner owner: String, key: String) throws -> Bool {
        let object = try client.head(bucket: market.bucket, key: key)
        guard let object, object.metadata[ObjectUpload.ownerField] == owner else { return false }
        log.warning("removing \(quoted(key)): an earlier import of this app has left it")
        try client.delete(bucket: market.bucket, key: key)
        return true
    }
}

extension S3Market {
    /// Whether a key is `APP_PREFIX-` and digits: what another user of the bucket has is left alone.
    package func isOwn(_ key: String) -> Bool {
        let beginning = Array("\(prefix)-".utf8)
        guard key.utf8.starts(with: beginning) else { return false }
        let id = key.utf8.dropFirst(beginning.count)
        return !id.isEmpty && id.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
