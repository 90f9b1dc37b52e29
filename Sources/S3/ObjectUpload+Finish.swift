import Bytes
import Checksums
import DriverProtocol
import HTTP
import Posix

/// Making the object visible, verifying it, and taking it back.
extension ObjectUpload {
    /// Makes the object visible and verifies it.
    ///
    /// - Throws: a ``DriverError``, or `Interrupted`; ``discard()`` then leaves nothing.
    package func finish() throws {
        if let length = target.length, length != written {
            throw DriverError(
                "upload", name, cause: "the source gave \(written) bytes where \(length) were announced",
                remedy: "check the source, and leave it alone until the import has ended")
        }
        let whole = finishedMD5()
        guard let (multipart, parts) = try finishParts() else { return try finishSingle() }
        try Interrupt.check()
        try check(parts)
        let combined = hexadecimal(PartedChecksums.md5(of: parts.flatMap(\.md5))) + "-\(parts.count)"
        beginCompleting(multipart)
        let answer = try withConditions { headers in
            try client.completeUpload(multipart.id, of: target.object, parts: parts, headers: headers)
        }
        try check(answer, doing: "complete the upload of")
        let given = answer.isSuccess ? answer.document?.root.child("ETag").map { unquoted($0.text) } : nil
        // Some services give an object that was uploaded in parts the ETag of all its bytes.
        try verify(etags: [combined, hexadecimal(whole)], given: given)
        succeed()
    }

    private func finishSingle() throws {
        try Interrupt.check()
        beginCompleting(nil)
        let (content, checksums) = finishOnlyPart()
        let answer = try withConditions { headers in
            try client.put(
                target.object, body: content, checksums: checksums, headers: creationHeaders + headers)
        }
        try check(answer, doing: "upload")
        try verify(etags: [hexadecimal(checksums.md5)], given: answer.isSuccess ? answer.etag : nil)
        succeed()
    }

    /// Makes the request with If-None-Match, and without it if the service does not know that.
    private func withConditions(_ send: (HTTPHeaders) throws -> S3Answer) throws -> S3Answer {
        let answer = try send(["If-None-Match": "*"])
        if answer.mayNotKnowRequest { return try send([:]) }
        return try answer.status == 412 && removeLeftover() ? try send(["If-None-Match": "*"]) : answer
    }

    /// Removes an object of an earlier try of the same app, if the service has made it only since this try began.
    /// Returns whether it has.
    private func removeLeftover() throws -> Bool {
        guard !target.owner.isEmpty, let object = try current(),
            object.metadata[Self.ownerField] == target.owner, object.metadata[Self.tryField] != nonce
        else { return false }
        client.log.warning("removing \(name): an earlier import of this app has left it")
        try client.delete(target.object)
        return true
    }

    /// Throws if the service has refused. A refusal that only means that an earlier attempt was carried out is left to
    /// ``verify(etags:given:)``.
    private func check(_ answer: S3Answer, doing operation: String) throws {
        if answer.isSuccess { return }
        let isOurs = { try self.current()?.metadata[Self.tryField] == self.nonce }
        if [404, 409, 412].contains(answer.status), try isOurs() { return }
        if answer.status == 412 {
            throw DriverError(
                operation, name, cause: "an object of that name has come into being meanwhile (HTTP 412)",
                remedy: "remove it, or choose another APP_PREFIX, and import again")
        }
        throw client.error(answer, S3Request(.put, operation, target.object))
    }

    private func current() throws -> S3Object? {
        try client.head(target.object)
    }

    /// Throws a ``DriverError`` if a part came back with a tag that is no MD5 of it, and another one with its MD5: such
    /// a service has stored other bytes.
    private func check(_ parts: [S3Part]) throws(DriverError) {
        guard let number = PartTags.contradiction(parts) else { return }
        throw DriverError(
            "upload part \(number) of", name,
            cause: "the service stored another ETag than was sent, and not for all parts",
            remedy: "check the service and proxies on the way: they alter data")
    }

    /// Compares the object at the service with the bytes that were sent.
    ///
    /// A tag that is not the one that MD5s make is the service's own if all else says that the object is this upload's:
    /// its length, its metadata, and the tag that was given to it when it came into being. Each part's Content-MD5 has
    /// been accepted.
    ///
    /// - Parameters:
    ///   - etags: those that it may have.
    ///   - given: the one that the service returned; nil if its response was lost or names none.
    private func verify(etags: [String], given: String?) throws {
        var reason = "it is not there"
        // A response may be damaged on its way: only a repeated one counts.
        for _ in 0..<2 {
            guard let object = try current() else { continue }
            guard object.size == written else {
                reason = "it has \(object.size) bytes where \(written) were sent"
                continue
            }
            // A tag of another form is no digest of the bytes.
            let digest = Digest.Algorithm.md5.digest(object.etag.prefix { $0 != "-" })
            let isComparable = digest != nil && !object.hasOpaqueETag
            if !isComparable || etags.contains(object.etag.lowercased()) { return }
            if object.metadata[Self.tryField] == nonce, isSame(given, object.etag) {
                client.log.info("the ETag of \(name), \(object.etag), is of the service's own making")
                return
            }
            reason = "its ETag is \(object.etag) where \(given ?? etags[0]) was given to what was sent"
        }
        throw DriverError(
            "verify", name, cause: reason, remedy: "check the service and proxies on the way, then try again")
    }

    /// Whether an object's ETag is the one that was given for what was sent, in any case of its letters. A service that
    /// has given none says nothing.
    private func isSame(_ given: String?, _ etag: String) -> Bool {
        guard let given, !given.isEmpty else { return true }
        return haveSameBytes(given.lowercased(), etag.lowercased())
    }

    /// Removes everything that a phase may have left in the bucket, as far as it can be reached. Logs a warning if it
    /// cannot.
    func removeTraces(of phase: Phase) {
        let client = client.forCleanup
        switch phase {
        case .gathering, .over: break
        case .beginning: client.abortStrays(of: target, except: nil)
        case .sending(let multipart): abort(multipart, client)
        case .completing(let multipart):
            // Each by itself: one failure must not prevent the others.
            if let multipart { abort(multipart, client) }
            attempt("remove what was uploaded to", "if it is there, the next action of the marketplace removes it") {
                _ = try client.removeOwn(target.object, attempt: nonce)
            }
        }
    }

    private func abort(_ multipart: Multipart, _ client: S3Client) {
        attempt("abort the upload of", "the next import of the app does, or monitor a day after the last part") {
            try client.abortUpload(multipart.id, of: target.object)
        }
        if multipart.mayHaveStray { client.abortStrays(of: target, except: multipart.id) }
    }

    private func attempt(_ operation: String, _ otherwise: String, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            client.log.warning("cannot \(operation) \(name): \(error); \(otherwise)")
        }
    }
}

extension S3Client {
    /// Aborts all open uploads of a target's key: an app is imported by one process at a time.
    func abortStrays(of target: ObjectUpload.Target, except kept: String?) {
        do {
            for upload in try openUploads(bucket: target.object.bucket, prefix: target.object.key)
            where upload.object == target.object && upload.id != kept {
                try abortUpload(upload.id, of: upload.object)
            }
        } catch {
            log.warning("cannot look for open uploads of \(quoted(target.object.key)): \(error)")
        }
    }

    /// Removes the object if the upload with that ``ObjectUpload/nonce`` has made it. Returns whether it had.
    package func removeOwn(_ object: S3Address, attempt: String) throws -> Bool {
        guard try head(object)?.metadata[ObjectUpload.tryField] == attempt else { return false }
        try delete(object)
        return true
    }
}
