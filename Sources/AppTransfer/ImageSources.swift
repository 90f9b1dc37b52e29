import ContainerImages
import DriverProtocol
import ImageTransfer
import S3

/// The image sources that a message can name.
package enum ImageSources {
    /// The kinds of image sources but for a web server's: the beginning of a location, and its source. A new kind is one
    /// more row.
    private static let kinds: [(beginning: String, open: @Sendable (Location, Request) throws -> any ImageSource)] = [
        ("/", { location, _ in try FileSource(path: location.text) }),
        ("ssh://", { try RemoteSource($0, $1) }),
        ("s3://", { try S3Source($0, $1) }),
        (ContainerImage.scheme, { try ContainerSource($0, $1) }),
        (RBDLocation.scheme, { try RBDSource($0, $1) }),
    ]

    /// What sources read of the marketplace, if a message has one: those of buckets, of containers, and of web servers,
    /// whose inputs both have.
    package static let inputs = S3Inputs.all + ContainerSource.inputs

    /// Whether `location` is of a known kind.
    package static func isKnown(_ location: Location) -> Bool {
        kind(of: location) != nil
    }

    /// Opens the source at `location`: a path on this machine, `ssh://HOST:PATH`, `s3://BUCKET/KEY`, a URL of a web
    /// server, `lxd://URL`, which is built first, or `rbd://HOST/POOL/IMAGE?…` of a Ceph datastore. Throws a
    /// ``DriverError`` if it is of no such kind.
    package static func open(_ location: Location, _ request: Request) throws -> any ImageSource {
        guard let open = kind(of: location) else {
            throw readError(
                location, cause: "its kind is not known here",
                remedy: "give a path, ssh://HOST:PATH, s3://BUCKET/KEY, an http URL, lxd://URL or rbd://…")
        }
        return try open(location, request)
    }

    private static func kind(of location: Location) -> (@Sendable (Location, Request) throws -> any ImageSource)? {
        if WebURL(location.text) != nil { return { try HTTPSource(ofCatalog: $0, $1) } }
        return kinds.first { location.text.utf8.starts(with: $0.beginning.utf8) }?.open
    }
}
