import Checksums
import DriverProtocol
import HTTP
import ImageTransfer

/// `market/*/import`: the image that is to be put into the marketplace, as the datastore's export has described it. The
/// backend provides the place; the rest is the same for all backends.
package struct AppImport {
    /// What is read of the message, beside the marketplace's attributes.
    package static let inputs =
        [app, source, size, format, md5] + Message.disposalInputs + HTTPOptions.datastoreInputs
    private static let app = Input.required("MARKETPLACEAPP/ID", "ID of the app.", example: "0")
    private static let source = Input.required(
        "IMPORT_SOURCE", "Source of the image: a path, a URL (http, https, s3, lxd), `ssh://HOST:PATH` or `rbd://…`.",
        example: "/var/lib/one/datastores/1/image")
    private static let size = Input.required("SIZE", "Size of the disk in MB.", example: "2048")
    private static let format = Input.required("FORMAT", "Format of the image: `raw`, `qcow2`, …", example: "qcow2")
    private static let md5 = Input.optional("MD5", "Expected MD5 of the image.", otherwise: "not compared")

    private let request: Request
    private let location: Location
    private let size: UInt64
    private let format: String
    private let expected: ExpectedDigests

    /// Reads the message. Throws a ``DriverError`` that names an element with a bad value.
    package init(_ request: Request) throws(DriverError) {
        self.request = request
        location = try request.message.location(Self.source)
        size = try request.message.number(Self.size) ?? 0
        format = try request.message.imageFormat(at: Self.format)
        expected = try ExpectedDigests(request.message, md5: Self.md5)
    }

    /// Opens the image.
    package func open() throws -> any ImageSource { try ImageSources.open(location, request) }

    /// Copies the image into `sink`, publishes that, and returns the action's reply.
    ///
    /// - Parameters:
    ///   - place: the app's SOURCE.
    ///   - running: the import in the journal.
    package func publish(
        _ image: any ImageSource, into sink: any ImageSink, as place: String, _ running: ImportJournal.Running
    ) throws -> Reply {
        let copied = try ImageCopy(image, expected: expected, log: request.log).run(into: sink)
        running.isPublishing()
        _ = try sink.publish()
        return Reply(source: place, md5: copied.source[.md5] ?? "", size: size, format: format)
    }
}
