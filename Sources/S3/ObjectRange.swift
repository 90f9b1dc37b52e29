import DriverProtocol
import HTTP

/// A range of one version of an object on its way into memory: its requests, and the responses accepted for it.
final class ObjectRange: S3Receiver {
    private var fetch: RangeWindow.Fetch
    private let object: S3Object
    private let start: UInt64
    /// The problem of a response without the requested bytes.
    private(set) var problem: Problem?

    enum Problem {
        /// Of another version of the object.
        case changed(String)
        case another(String)

        var text: String {
            switch self {
            case .changed(let text), .another(let text): text
            }
        }
    }

    init(_ fetch: RangeWindow.Fetch, of object: S3Object) {
        self.fetch = fetch
        self.object = object
        start = fetch.position
    }

    /// Bytes.
    var length: Int { Int(fetch.end - start) }

    var isComplete: Bool { fetch.position == fetch.end }

    private var missing: String { "bytes=\(fetch.position)-\(fetch.end - 1)" }

    /// The fields that request the missing bytes, of this version only if the service can tell it from others. What
    /// comes is compared in any case.
    var headers: HTTPHeaders {
        let range: HTTPHeaders = ["Range": missing]
        return object.hasStrongETag ? range + ["If-Match": "\"\(object.etag)\""] : range
    }

    /// The position of the next missing byte.
    var position: UInt64 { fetch.position }

    func begin(status: Int, _ headers: HTTPHeaders) -> Bool {
        problem = difference(status: status, headers)
        return problem == nil
    }

    /// Returns the difference between a response and its request, or nil. A service may send the whole object without
    /// calling it a range.
    private func difference(status: Int, _ headers: HTTPHeaders) -> Problem? {
        if let etag = headers["ETag"].map(unquoted), etag != object.etag {
            return .changed("its ETag is \(etag) where it was \(object.etag)")
        }
        let asked = "\(missing) was asked for"
        guard status == 206 else {
            let isWhole = fetch.position == 0 && fetch.end == object.size
            return isWhole ? nil : .another("\(asked), and the whole object came")
        }
        guard let field = headers["Content-Range"] else {
            return .another("\(asked), and a part came that says not which it is")
        }
        guard let range = ContentRange(field), let bytes = range.bytes, bytes.lowerBound == fetch.position,
            bytes.upperBound == fetch.end - 1
        else { return .another("\(asked), and \(field) came") }
        guard let total = range.total, total != object.size else { return nil }
        return .changed("it has \(total) bytes where it had \(object.size)")
    }

    func receive(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard UInt64(bytes.count) <= fetch.end - fetch.position else {
            problem = .another("\(missing) was asked for, and more came")
            return false
        }
        return fetch.append(bytes)
    }

    /// Ends the range, which cannot be had, with an error.
    func fail(_ error: any Error) {
        fetch.fail(error)
    }
}

extension S3Client {
    private static let answersLimit = 3

    /// GetObject with Range and If-Match: brings all bytes of `range`, continuing where a response broke off.
    func get(_ range: ObjectRange, of source: S3Address, goOn: @escaping () -> Bool) throws {
        let request = S3Request(.get, "download", source)
        var backoff = backoff(attempts: Self.answersLimit)
        while true {
            let start = range.position
            let answer = try exchange(request, into: range, goOn: goOn)
            if [412, 416].contains(answer.status) { throw changed(request, answer.cause) }
            guard answer.isSuccess else { throw error(answer, request) }
            if range.isComplete { return }
            if range.position - start >= Self.progress { backoff.progressed() }
            let problem = range.problem?.text ?? "the answer ended before byte \(range.position)"
            guard try pause(&backoff, request, problem, goOn: goOn) else { throw useless(range.problem, request) }
        }
    }

    private func changed(_ request: S3Request, _ cause: String) -> DriverError {
        DriverError(
            request.operation, name(of: request), cause: "it has changed on the server meanwhile: \(cause)",
            remedy: "start again")
    }

    /// Returns the error of a range whose responses bring nothing.
    private func useless(_ problem: ObjectRange.Problem?, _ request: S3Request) -> DriverError {
        if case .changed(let difference) = problem { return changed(request, difference) }
        return DriverError(
            request.operation, name(of: request), cause: problem?.text ?? "the answers end too early",
            remedy: "check the server and proxies on the way: they must know ranges")
    }
}
