import DriverProtocol

/// The source that `location` names: a path of this machine, or `ssh://HOST:PATH`.
public func imageSource(_ location: String, _ request: Request) throws -> any ImageSource {
    if location.hasPrefix("ssh://") {
        return try RemoteSource(
            location: String(location.dropFirst("ssh://".count)), settings: request.settings, log: request.log)
    }
    if location.hasPrefix("/") {
        return try FileSource(path: location)
    }
    throw readError(location, cause: "its kind is not known here", remedy: "give a path or ssh://HOST:PATH")
}
