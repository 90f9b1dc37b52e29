import DriverProtocol
import HTTP
import Posix

/// A file that a web server sends.
public final class HTTPSource: ImageSource {
    public let name: String
    public let length: UInt64?
    private let download: HTTPDownload

    /// Begins to fetch `url`, with the marketplace's CA_FILE and TLS_VERIFY and the datastore's LIMIT_TRANSFER_BW.
    public init(_ url: String, _ request: Request) throws {
        name = redacted(url)
        download = HTTPDownload(url: url, options: try HTTPOptions(request), log: request.log)
        length = try download.open()
    }

    public var storageSize: UInt64? { length }

    public func willBeVerified() { download.isVerified = true }

    public func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = try download.read(into: buffer)
        return count > 0 ? .data(count) : .end
    }
}
