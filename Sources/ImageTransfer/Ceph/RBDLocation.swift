import Bytes
import DriverProtocol

/// An image and the way to it: `rbd://HOST/POOL/IMAGE[@SNAPSHOT]?CEPH_USER=…&CEPH_KEY=…&CEPH_CONF=…`, as
/// `datastore/ceph/export` prints it. CEPH_KEY is the path of a file with a key.
package struct RBDLocation: Equatable, Sendable {
    package static let scheme = "rbd://"

    package let host: String
    package let image: RBDImage
    package let credentials: CephCredentials

    package init(host: String, image: RBDImage, credentials: CephCredentials) {
        (self.host, self.image, self.credentials) = (host, image, credentials)
    }

    /// Reads a URL: odd characters may stand as `%XX`, as here, or as they are, as the stock export writes them. Throws
    /// a ``DriverError`` that says what is wrong with it.
    package init(_ location: Location) throws(DriverError) {
        let url = location.text
        func wrong(_ cause: String) -> DriverError {
            readError(location, cause: cause, remedy: "write \(Self.scheme)HOST/POOL/IMAGE[@SNAPSHOT]?CEPH_USER=…")
        }
        guard url.hasPrefix(Self.scheme) else { throw wrong("it is no \(Self.scheme) URL") }
        let parts = url.dropFirst(Self.scheme.count).split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let slash = parts[0].firstIndex(of: "/"), slash > parts[0].startIndex else {
            throw wrong("it names no host")
        }
        host = String(parts[0][..<slash])
        guard let image = RBDImage(Self.plain(parts[0][parts[0].index(after: slash)...])) else {
            throw wrong("it names no image of a pool")
        }
        self.image = image
        var values: [String: String] = [:]
        for field in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let pair = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, CephCredentials.names.contains(String(pair[0])) else {
                throw wrong("its query has more than \(CephCredentials.names.joined(separator: ", "))")
            }
            values[String(pair[0])] = Self.plain(pair[1])
        }
        credentials = CephCredentials { (name) throws(Never) in values[name] }
    }

    /// Returns `text` with its `%XX` undone, as far as these are such.
    private static func plain(_ text: Substring) -> String { percentDecoded(String(text)) ?? String(text) }

    package var url: String {
        let fields = zip(CephCredentials.names, credentials.values).compactMap { name, value in
            value.map { "\(name)=\(percentEncoded($0.utf8, keepingSlashes: true))" }
        }
        let path = "\(image)".split(separator: "@").map { percentEncoded($0.utf8, keepingSlashes: true) }
        return Self.scheme + host + "/" + path.joined(separator: "@")
            + (fields.isEmpty ? "" : "?" + fields.joined(separator: "&"))
    }
}
