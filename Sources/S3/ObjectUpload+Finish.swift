import Checksums
import DriverProtocol
import Posix

/// Making the object visible, verifying it, and taking it back.
extension ObjectUpload {
    /// Makes the object visible and verifies it.
    ///
    /// Throws a ``DriverError``, or `Interrupted`; ``discard()`` leaves nothing then.
    package func finish() throws {
        if let length = target.length, length != written {
            throw DriverError(
                "upload", name, cause: "the source gave \(written) bytes where \(length) were announced",
                remedy: "check the source, and leave it alone until the import has ended")
        }
        let whole = finishedMD5()
        guard let (multipart, parts) = try finishParts() else { return try finishSingle() }
        try Interrupt.check()
        let combined = hexadecimal(PartedChecksums.md5(of: parts.flatMap(\.md5))) + "-\(parts.count)"
        beginCompleting(multipart)
        let answer = try withConditions { headers in
            try client.completeUpload(
                multipart.id, bucket: target.bucket, key: target.key, parts: parts, headers: headers)
        }
        try check(answer, doing: "complete the upload of")
        // Some services give that of all the bytes to what was uploaded in parts, too.
        try verify(etags: [combined, hexadecimal(whole)])
        succeed()
    }

    private func finishSingle() throws {
        try Interrupt.check()
        beginCompleting(nil)
        let (content, checksums) = finishOnlyPart()
        let answer = try withConditions { headers in
            try client.put(
                bucket: target.bucket, key: target.key, body: content, checksums: checksums,
                headers: creationHeaders + headers)
        }
        try check(answer, doing: "upload")
        try verify(etags: [hexadecimal(checksums.md5)])
        succeed()
    }

    /// The request with If-None-Match, and without it where the service does not know that.
    private func withConditions(_ send: ([(String, String)]) throws -> S3Answer) throws -> S3Answer {
        let answer = try send([("If-None-Match", "*")])
        if answer.mayRefuseConditions { return try send([]) }
        return try answer.status == 412 && removeLeftover() ? try send([("If-None-Match", "*")]) : answer
    }

    /// Removes the object where an earlier try of the same app has sent it, which the service has carried out only since
    /// this one began. Whether that was so.
    private func removeLeftover() throws -> Bool {
        guard !target.owner.isEmpty, let object = try current(),
            object.metadata[Self.ownerField] == target.owner, object.metadata[Self.tryField] != nonce
        else { return false }
        client.log.warning("removing \(name): an earlier import of this app has left it")
        try client.delete(bucket: target.bucket, key: target.key)
        return true
    }

    /// Refusals that only mean that an earlier attempt has been carried out are left to ``verify(etags:)``.
    private func check(_ answer: S3Answer, doing operation: String) throws {
        if answer.isSuccess { return }
        let isOurs = { try self.current()?.metadata[Self.tryField] == self.nonce }
        if [404, 409, 412].contains(answer.status), try isOurs() { return }
        if answer.status == 412 {
            throw DriverError(
                operation, name, cause: "an object of that name has come into being meanwhile (HTTP 412)",
                remedy: "remove it, or choose another APP_PREFIX, and import again")
        }
        throw client.error(
            answer, S3Request(method: .put, operation: operation, bucket: target.bucket, key: target.key))
    }

    private func current() throws -> S3Object? {
        try client.head(bucket: target.bucket, key: target.key)
    }

    /// Compares what the service has with what was sent.
    private func verify(etags: [String]) throws {
        var reason = "it is not there"
        // An answer may be damaged on its way: what the service says again holds.
        for _ in 0..<2 {
            guard let object = try current() else { continue }
            reason =
                object.size == written
                ? "its ETag is \(object.etag) where \(etags[0]) was sent"
                : "it has \(object.size) bytes where \(written) were sent"
            // An ETag of another form says nothing of the bytes, and each part has been checked by itself.
            let isComparable = isMD5(object.etag.prefix { $0 != "-" }) && !object.hasOpaqueETag
            if object.size == written, !isComparable || etags.contains(object.etag.lowercased()) { return }
        }
        throw DriverError(
            "verify", name, cause: reason, remedy: "check the service and proxies on the way, then import again")
    }

    /// Removes what a phase may have left in the bucket, as far as it can be reached; says so where it cannot.
    func removeTraces(of phase: Phase) {
        let client = client.forCleanup
        switch phase {
        case .gathering, .over: break
        case .beginning: client.abortStrays(of: target, except: nil)
        case .sending(let multipart): abort(multipart, client)
        case .completing(let multipart):
            // Each by itself: what one cannot take back must not keep the others from it.
            if let multipart { abort(multipart, client) }
            attempt("remove what was uploaded to", "where it is there, the next action of the marketplace removes it") {
                _ = try client.removeOwn(bucket: target.bucket, key: target.key, attempt: nonce)
            }
        }
    }

    private func abort(_ multipart: Multipart, _ client: S3Client) {
        attempt("abort the upload of", "the next import of the app does, or monitor a day after the last part") {
            try client.abortUpload(multipart.id, bucket: target.bucket, key: target.key)
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

extension S3Answer {
    /// Whether the refusal may mean the condition that came with the request: some services do not know it.
    fileprivate var mayRefuseConditions: Bool {
        status == 501 || code == "NotImplemented"
            || status == 400 && [nil, "BadRequest", "InvalidArgument", "InvalidRequest"].contains(code)
    }
}

extension S3Client {
    /// Aborts all open uploads of a target's key: an app is imported by one process at a time.
    func abortStrays(of target: ObjectUpload.Target, except kept: String?) {
        do {
            for upload in try openUploads(bucket: target.bucket, prefix: target.key)
            where haveSameBytes(upload.key, target.key) && upload.id != kept {
                try abortUpload(upload.id, bucket: target.bucket, key: target.key)
            }
        } catch {
            log.warning("cannot look for open uploads of \(quoted(target.key)): \(error)")
        }
    }

    /// Removes the object where the upload with that ``ObjectUpload/nonce`` has made it: whether it had.
    package func removeOwn(bucket: String, key: String, attempt: String) throws -> Bool {
        guard let object = try head(bucket: bucket, key: key), object.metadata[ObjectUpload.tryField] == attempt else {
            return false
        }
        try delete(bucket: bucket, key: key)
        return true
    }
}
