import DriverProtocol
import HTTP

/// A range of one version of an object on its way into memory: what is asked for, and what is taken for it.
final class ObjectRange: BodyReceiver {
    private var fetch: RangeWindow.Fetch
    private let object: S3Object
    private let start: UInt64
    /// What came in place of the bytes that were asked for.
    private(set) var problem: String?

    init(_ fetch: RangeWindow.Fetch, of object: S3Object) {
        self.fetch = fetch
        self.object = object
        start = fetch.position
    }

    /// Bytes.
    var length: Int { Int(fetch.end - start) }

    var isComplete: Bool { fetch.position == fetch.end }

    private var missing: String { "bytes=\(fetch.position)-\(fetch.end - 1)" }

    /// What asks for the bytes that are missing, and for no other version's.
    var headers: [(String, String)] { [("Range", missing), ("If-Match", "\"\(object.etag)\"")] }

    func begin(status: Int, _ headers: HTTPHeaders) -> Bool {
        problem = difference(status: status, headers)
        return problem == nil
    }

    /// How an answer differs from what was asked for. A service may give the whole of an object without calling it a range.
    private func difference(status: Int, _ headers: HTTPHeaders) -> String? {
        let asked = "\(missing) was asked for"
        if let etag = headers["ETag"].map(unquoted), etag != object.etag {
            return "\(asked), and the ETag is \(etag) where it was \(object.etag)"
        }
        if let range = headers["Content-Range"] {
            return range.hasPrefix("bytes \(missing.dropFirst(6))/") ? nil : "\(asked), and \(range) came"
        }
        let isWhole = fetch.position == 0 && fetch.end == object.size
        return status == 206 || isWhole ? nil : "\(asked), and the whole object came"
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard UInt64(bytes.count) <= fetch.end - fetch.position else {
            problem = "\(missing) was asked for, and more came"
            return false
        }
        return fetch.append(bytes)
    }

    /// It cannot be had.
    func fail(_ error: any Error) {
        fetch.fail(error)
    }
}

extension S3Client {
    private static let answersLimit = 3

    /// GetObject with Range and If-Match: brings all bytes of `range`, going on where a connection broke.
    func get(_ range: ObjectRange, bucket: String, key: String, goOn: @escaping () -> Bool) throws {
        let request = S3Request(method: .get, operation: "download", bucket: bucket, key: key)
        for attempt in 1... {
            guard goOn() else { throw S3Cancelled() }
            let answer = try exchange(request, into: range, goOn: goOn)
            if answer.status == 412 {
                throw DriverError(
                    "download", name(bucket: bucket, key: key), cause: "it has changed on the server meanwhile",
                    remedy: "start again")
            }
            guard answer.isSuccess else { throw error(answer, request) }
            if range.isComplete { return }
            guard attempt < Self.answersLimit else {
                throw DriverError(
                    "download", name(bucket: bucket, key: key), cause: range.problem ?? "the answers end too early",
                    remedy: "check the server and proxies on the way: they must know ranges")
            }
        }
    }
}
