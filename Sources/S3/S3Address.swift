import Bytes
import DriverProtocol

/// An object's place in a service: `s3://BUCKET/KEY`, an app's SOURCE.
package struct S3Address: Sendable, CustomStringConvertible {
    package let bucket: String
    package let key: String

    package init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    /// Divides `s3://BUCKET/KEY`; nil if `url` is none.
    package init?(_ url: String) {
        // Byte by byte: a key may begin with a mark that forms one character with the slash.
        guard url.utf8.starts(with: "s3://".utf8) else { return nil }
        let rest = url.utf8.dropFirst("s3://".utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), slash != rest.startIndex else { return nil }
        let key = rest[rest.index(after: slash)...]
        guard !key.isEmpty else { return nil }
        self.init(bucket: String(Substring(rest[..<slash])), key: String(Substring(key)))
    }

    /// The element of a message with an app's address.
    package static let input = Input.appSource("The app's object.", example: "s3://images/marketapp-0")

    /// Reads the app's SOURCE. Throws a ``DriverError`` if it is none.
    package init(ofApp message: Message) throws(DriverError) {
        guard let address = S3Address(try message.required(Self.input)) else {
            throw message.invalid(Self.input, "is no s3://BUCKET/KEY", remedy: "correct the app's SOURCE")
        }
        self = address
    }

    package var description: String { "s3://\(bucket)/\(key)" }
}

/// By their bytes, as services compare them.
extension S3Address: Equatable {
    package static func == (one: S3Address, other: S3Address) -> Bool {
        haveSameBytes(one.bucket, other.bucket) && haveSameBytes(one.key, other.key)
    }
}
