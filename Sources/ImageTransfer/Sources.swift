import DriverProtocol

/// The source that `location` names: a path of this machine, `ssh://HOST:PATH`, `s3://BUCKET/KEY`, a URL of a web server,
/// `lxd://URL`, which is built first, or what OpenNebula's own downloader knows beside that: `rbd://…` of a Ceph
/// datastore.
public func imageSource(_ location: String, _ request: Request) throws -> any ImageSource {
    if location.hasPrefix("ssh://") {
        return try RemoteSource(
            location: String(location.dropFirst("ssh://".count)), settings: request.settings, log: request.log)
    }
    if location.hasPrefix("s3://") {
        return try s3Source(location, request)
    }
    if location.hasPrefix(ContainerImage.scheme) {
        return try ContainerSource(location, request)
    }
    if location.hasPrefix("http://") || location.hasPrefix("https://") {
        return try HTTPSource(location, request)
    }
    if location.hasPrefix("rbd://") {
        return try DownloaderSource(location, request)
    }
    if location.hasPrefix("/") {
        return try FileSource(path: location)
    }
    throw readError(
        redacted(location), cause: "its kind is not known here",
        remedy: "give a path, ssh://HOST:PATH, s3://BUCKET/KEY, an http URL, lxd://URL or rbd://…")
}
