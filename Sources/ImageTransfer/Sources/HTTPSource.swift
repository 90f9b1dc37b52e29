import DriverProtocol
import HTTP
import Posix

/// A file from a web server.
package final class HTTPSource: ImageSource {
    package let name: String
    package let length: UInt64?
    private let download: HTTPDownload

    /// Begins to fetch `url`, with the transfer options of the marketplace's template and the datastore's.
    ///
    /// - Parameter isOfCatalog: whether the marketplace is a catalog, whose server may require the credential of
    ///   AUTH_FILE.
    package init(_ url: WebURL, _ request: Request, isOfCatalog: Bool = false) throws {
        name = "\(url)"
        let options = try isOfCatalog ? HTTPOptions(ofCatalog: request) : HTTPOptions(request)
        download = HTTPDownload(url: url, options: options, log: request.log)
        length = try download.open()
    }

    /// As ``init(_:_:isOfCatalog:)`` with the URL that `location` is.
    package convenience init(ofCatalog location: Location, _ request: Request) throws {
        guard let url = WebURL(location.text) else {
            throw readError(location, cause: "it is no URL of a web server", remedy: "write it as http://HOST/PATH")
        }
        try self.init(url, request, isOfCatalog: true)
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
