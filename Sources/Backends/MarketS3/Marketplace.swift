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
    /// How long an upload may stay open before it counts as left behind, in seconds.
    private static let patience = 86_400

    /// Makes the bucket where that is wanted, clears what killed imports have left, and sees that the name is free.
    ///
    /// An object of that name is refused, unless it was uploaded for this same app: then its answer was lost, and it is
    /// removed.
    func prepare(_ market: S3Market, key: String, owner: String) throws {
        if try head(bucket: market.bucket) == nil {
            // Some services create a bucket that something is put into.
            guard market.createsBucket else { throw Self.missingBucket(market) }
            log.info("creating the bucket \(quoted(market.bucket))")
            try create(bucket: market.bucket)
        }
        let found = try head(bucket: market.bucket, key: key)
        abortAbandoned(market, key: key)
        guard let object = found else { return }
        guard object.metadata[ObjectUpload.ownerField] == owner else {
            throw DriverError(
                "upload", market.url(ofKey: key), cause: "there is an object of that name already",
                remedy: "remove it, or choose another APP_PREFIX")
        }
        log.warning("removing \(quoted(key)): an earlier import of this app has left it")
        try delete(bucket: market.bucket, key: key)
    }

    /// The error of a bucket that is not there.
    static func missingBucket(_ market: S3Market) -> DriverError {
        DriverError(
            "use", "the bucket \(market.url(ofKey: "")) at \(market.service.endpoint.name)",
            cause: "NoSuchBucket: there is none of that name (HTTP 404)",
            remedy: "create it, correct BUCKET and ENDPOINT, or set CREATE_BUCKET=\"YES\"")
    }

    /// Aborts open uploads of this marketplace that are older than a day, and those of `key` whatever their age: the
    /// app is not imported twice at the same time. Failures do not matter to what follows.
    func abortAbandoned(_ market: S3Market, key: String? = nil) {
        do {
            let uploads = try openUploads(bucket: market.bucket, prefix: market.prefix + "-")
            for upload in uploads where market.isOwn(upload.key) {
                let age = upload.initiated.map { now - $0 } ?? 0
                guard age > Self.patience || upload.key == key else { continue }
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
            log.warning("cannot remove \(quoted(key)) again: \(error)")
        }
    }
}

extension S3Market {
    /// Whether a key is `APP_PREFIX-` and digits: what another user of the bucket has is left alone.
    func isOwn(_ key: String) -> Bool {
        guard key.hasPrefix(prefix + "-") else { return false }
        let id = key.dropFirst(prefix.count + 1)
        return !id.isEmpty && id.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
