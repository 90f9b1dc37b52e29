import Bytes
import DriverProtocol
import Posix

/// What OpenNebula's `remotes/datastore/downloader.sh` prints for a location: the way to an image of a Ceph datastore,
/// which the stock `datastore/ceph/export` names as `rbd://HOST/POOL/IMAGE?…`.
///
/// Its length is not known beforehand: the MD5 that the datastore's export has computed tells whether it came whole.
package final class DownloaderSource: ImageSource {
    package let name: String
    package let length: UInt64? = nil
    package let storageSize: UInt64? = nil
    private let child: Child

    /// Starts the downloader. A location with a character that the script's shell could take for more than data is
    /// refused.
    package init(_ location: String, _ request: Request) throws {
        name = redacted(location)
        let plain = location.utf8.allSatisfy { byte in
            isDigit(byte) || (0x61...0x7A).contains(byte | 0x20) || "-._~:/?&=%+@,".utf8.contains(byte)
        }
        guard plain else {
            throw readError(name, cause: "it has a character that a shell may act on", remedy: "rename pool or image")
        }
        do {
            child = try Child([Self.script(request.installation), "-n", location, "-"])
        } catch {
            throw DriverError(
                "read", "the image \(quoted(name))", cause: "\(error)", remedy: "install OpenNebula's own drivers")
        }
    }

    /// Returns the path of OpenNebula's own script. If ours has replaced it, that is the stock script, to which ours
    /// would leave these locations.
    private static func script(_ installation: Installation) -> String {
        let name = "datastore/downloader.sh"
        return StockScript(name, installation).existingPath ?? installation.remotes + "/" + name
    }

    package func next(into buffer: UnsafeMutableRawBufferPointer) throws -> Segment {
        let count = try child.output!.readAvailable(into: buffer)
        guard count == 0 else { return .data(count) }
        let status = child.reap()
        guard status.isSuccess else {
            throw readError(
                name, cause: "OpenNebula's downloader failed: \(child.lastComplaint() ?? status.description)",
                remedy: "check that the host of the Ceph datastore can be reached and has the image")
        }
        return .end
    }
}
