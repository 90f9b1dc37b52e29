import DriverProtocol
import Posix

/// A directory of images, on this machine or on a bridge host.
package protocol ImageDirectory: Sendable {
    associatedtype Sink: ImageSink

    /// Returns the room of its file system.
    func space() throws -> FileSystemSpace
    /// Makes the directory if only its last part is missing. Throws a ``DriverError`` unless it can be used and there is
    /// room for `needed` bytes, as far as that is known. Returns what removes it again if nothing is in it, or nil if it
    /// was there.
    func make(needing needed: UInt64?) throws -> (() -> Void)?
    /// Begins a hidden file, which becomes visible with that mode and under the first of `names` that is free.
    ///
    /// - Parameter needed: bytes for which there must be room; nil if that is not known.
    func makeSink(_ names: ImageNames, mode: UInt32, needing needed: UInt64?) throws -> Sink
    /// Removes a regular file. Returns false if there was none of that name.
    func remove(_ name: String) throws -> Bool
    /// Whether it is on another machine.
    var isRemote: Bool { get }
    /// Removes the hidden files of killed writers, as far as the other machine does not do that by itself.
    func removeAbandoned()
}

/// Returns the directory `path`, reached through `bridge` if it is not nil. `log` gets what cannot be done to its
/// files.
///
/// - Parameter allocates: whether zeros of a bridge host's new files take room, too.
package func imageDirectory(
    _ path: String, bridge: BridgeHosts?, allocates: Bool = false, log: Log
) throws(DriverError) -> any ImageDirectory {
    guard isAbsolute(path) else {
        throw DriverError(
            "use", "the directory \(quoted(path))", cause: "it is no absolute path", remedy: "begin it with /")
    }
    guard !path.utf8.contains(0) else {
        throw DriverError("use", "the directory \(quoted(path))", cause: "it has a NUL", remedy: "correct the path")
    }
    return bridge.map { RemoteDirectory(path: path, hosts: $0, log: log, allocates: allocates) }
        ?? LocalDirectory(path: path, log: log)
}

func checkRoom(needed: UInt64?, _ space: FileSystemSpace, in directory: String) throws(DriverError) {
    guard let needed, space.isKnown, needed > space.available else { return }
    throw DriverError(
        "write", "an image to \(quoted(directory))",
        cause: "\(needed.megabytesRoundedUp) MB are needed and \(space.available >> 20) MB are free",
        remedy: "free some space there")
}
