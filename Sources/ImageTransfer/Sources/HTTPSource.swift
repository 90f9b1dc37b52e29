import DriverProtocol
import HTTP
import Posix

/// A file that a web server sends.
public final class HTTPSource: ImageSource {
    public let name: String
    public let length: UInt64?
    private let download: HTTPDownload

    /// Begins to fetch `url`, with what the marketplace's template and the datastore's say of how to transfer.
    ///
    /// - Parameter isOfCatalog: whether the marketplace is a catalog, whose server may want the credential of AUTH_FILE.
    public init(_ url: String, _ request: Request, isOfCatalog: Bool = false) throws {
        name = redacted(url)
        let options = try isOfCatalog ? HTTPOptions(ofCatalog: request) : HTTPOptions(request)
        download = HTTPDownload(url: url, options: options, log: request.log)
        length = try download.open()
    }

    public var storageSize: UInt64? { length }

    public func willBeVerified() { download.isVerified = true }

    public func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = try download.read(into: buffer)
        return count > 0 ? .data(count) : .end
    }
}
