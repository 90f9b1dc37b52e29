import DriverProtocol

/// The source that `location` names: a path of this machine, `ssh://HOST:PATH`, `s3://BUCKET/KEY`, or `lxd://URL`,
/// which is built first.
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
    if location.hasPrefix("/") {
        return try FileSource(path: location)
    }
    throw readError(
        location, cause: "its kind is not known here", remedy: "give a path, ssh://HOST:PATH or s3://BUCKET/KEY")
}
