import DriverProtocol
import HTTP
import Posix

/// A file that a web server sends.
package final class HTTPSource: ImageSource {
    package let name: String
    package let length: UInt64?
    private let download: HTTPDownload

    /// Begins to fetch `url`, with what the marketplace's template and the datastore's say of how to transfer.
    ///
    /// - Parameter isOfCatalog: whether the marketplace is a catalog, whose server may want the credential of AUTH_FILE.
    package init(_ url: String, _ request: Request, isOfCatalog: Bool = false) throws {
        name = redacted(url)
        let options = try isOfCatalog ? HTTPOptions(ofCatalog: request) : HTTPOptions(request)
        download = HTTPDownload(url: url, options: options, log: request.log)
        length = try download.open()
    }

    package var storageSize: UInt64? { length }
    package var isPaced: Bool { true }

    package var isPatched: Bool { download.isPatched }

    package func willBeVerified() { download.isVerified = true }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = try download.read(into: buffer)
        return count > 0 ? .data(count) : .end
    }
}
