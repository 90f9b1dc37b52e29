import Bytes
import DriverProtocol
import JSON
import Posix

/// A catalog as its server sent it, now or earlier.
package struct CatalogDocument {
    /// The URL that was requested, whatever redirects followed.
    package let url: WebURL
    private var bytes: [UInt8]
    /// The file in which it is kept for the next time, or nil if it is not.
    private let copy: CatalogCache.Copy?

    init(url: WebURL, bytes: [UInt8], copy: CatalogCache.Copy? = nil) {
        self.url = url
        self.bytes = bytes
        self.copy = copy
    }

    /// Bytes.
    package var size: Int { bytes.count }

    /// Reads the document. It can be read only once.
    ///
    /// - Parameter body: gets a reader that stands before the document's one value, and a function to call now and then
    ///   with the reader's offset, which gives back the memory of what has been read.
    package mutating func read<Result>(
        _ body: (inout JSONReader, _ release: (Int) -> Void) throws -> Result
    ) throws -> Result {
        JSONReader.repair(&bytes)
        return try bytes.withUnsafeMutableBufferPointer { bytes in
            var released = ReleasedPages(UnsafeMutableRawBufferPointer(bytes))
            return try JSONReader.read(bytes) { reader in
                try body(&reader) { offset in released.advance(to: offset) }
            }
        }
    }

    /// Calls `body`, which reads the document. Throws its error as a ``DriverError`` that names the document.
    package mutating func use<Result>(
        remedy: String, _ body: (inout CatalogDocument) throws -> Result
    ) throws(DriverError) -> Result {
        do {
            return try body(&self)
        } catch {
            let cause = (error as? AppReport.Unusable)?.reason ?? "it is cut, or no JSON: \(error)"
            throw DriverError("use", "the catalog \(quoted(url))", cause: cause, remedy: remedy)
        }
    }

    /// Whether it begins like a JSON object: a server may send a page of its own in place of a missing document.
    var isObject: Bool {
        withoutByteOrderMark(bytes).first { !isWhiteSpace($0) } == UInt8(ascii: "{")
    }

    /// Keeps the document for the next time, once it has proved to be whole.
    package func keep(log: Log) {
        do {
            try copy?.publish()
        } catch {
            log.warning("the catalog is not kept for the next time: \(error)")
        }
    }
}
