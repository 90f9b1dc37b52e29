import DriverProtocol
import S3

extension S3Market {
    /// The key of the message's app.
    func objectKey(of message: Message) throws(DriverError) -> String {
        let id = try message.required("MARKETPLACEAPP/ID")
        guard id.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw message.invalid("MARKETPLACEAPP/ID", "is no number", remedy: "pass the message as oned writes it")
        }
        return key(ofApp: id)
    }
}

/// What the actions do to a marketplace's bucket.
extension S3Client {
    /// How long an upload may stay open without a new part before it counts as left behind, in seconds.
    private static let patience = 86_400

    /// Makes the bucket where that is wanted, sees that the name is free, and clears what killed imports have left.
    ///
    /// An object of that name is refused, unless it was uploaded for this same app: then its answer was lost, and it is
    /// removed.
    func prepare(_ market: S3Market, key: String, owner: String) throws {
        if try head(bucket: market.bucket) == nil {
            // Some services create a bucket that something is put into.
            guard market.createsBucket else { throw try missing(bucket: market.bucket) }
            log.info("creating the bucket \(quoted(market.bucket))")
            try create(bucket: market.bucket)
        }
        let found = try head(bucket: market.bucket, key: key)
        if let found, found.metadata[ObjectUpload.ownerField] != owner {
            throw DriverError(
                "upload", name(bucket: market.bucket, key: key), cause: "there is an object of that name already",
                remedy: "remove it, or choose another APP_PREFIX")
        }
        abortAbandoned(market, key: key)
        guard found != nil else { return }
        log.warning("removing \(quoted(key)): an earlier import of this app has left it")
        try delete(bucket: market.bucket, key: key)
    }

    /// Aborts open uploads of this marketplace that nothing has come to for a day, and those of `key` in every case: the
    /// app is not imported twice at the same time. Failures do not matter to what follows.
    func abortAbandoned(_ market: S3Market, key: String? = nil) {
        do {
            func isOfKey(_ upload: S3OpenUpload) -> Bool { key.map { haveSameBytes(upload.key, $0) } == true }
            var uploads = try openUploads(bucket: market.bucket, prefix: market.prefix + "-")
            // The key's own first: where the others' parts may not be listed, these are gone.
            _ = uploads.partition { !isOfKey($0) }
            for upload in uploads where market.isOwn(upload.key) {
                let isAbandoned =
                    try isOfKey(upload) || (idleTime(of: upload, bucket: market.bucket) ?? 0) > Self.patience
                guard isAbandoned else { continue }
                log.warning("aborting an upload of \(quoted(upload.key)) that was left open")
                try abortUpload(upload.id, bucket: market.bucket, key: upload.key)
            }
        } catch {
            log.warning("cannot look for uploads that were left open: \(error)")
        }
    }

    /// Removes what an import has uploaded, where oned never heard of it.
    func takeBack(bucket: String, key: String) {
        do {
            try forCleanup.delete(bucket: bucket, key: key)
        } catch {
            log.warning("cannot remove \(quoted(key)) again: \(error); the next import of the same app replaces it")
        }
    }
}

extension S3Market {
    /// Whether a key is `APP_PREFIX-` and digits: what another user of the bucket has is left alone.
    func isOwn(_ key: String) -> Bool {
        let beginning = Array("\(prefix)-".utf8)
        guard key.utf8.starts(with: beginning) else { return false }
        let id = key.utf8.dropFirst(beginning.count)
        return !id.isEmpty && id.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
