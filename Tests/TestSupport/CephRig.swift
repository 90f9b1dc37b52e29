import Foundation
import Glibc
import Posix

/// A Ceph cluster's block devices, for the user libvirt: the pools `one`, `data` (for `--data-pool`) and `small`, which takes
/// 20 MiB. Its configuration lies in a folder with a blank in its name, its key in a file there.
package struct CephRig: Sendable {
    package static let user = "libvirt"
    private let server: S3Server

    /// A cluster of the test's own.
    package init() throws {
        server = try S3Server(.ceph)
    }

    private init(_ server: S3Server) {
        self.server = server
    }

    /// The one that tests share, each with images of its own.
    package static func shared() throws -> CephRig { CephRig(try S3Server.shared(.ceph)) }

    private var folder: String { server.cluster + "/block devices" }
    package var configuration: String { folder + "/ceph.conf" }
    package var keyFile: String { folder + "/key" }
    package var key: String {
        get throws { try String(contentsOfFile: keyFile, encoding: .utf8) }
    }

    /// Runs rbd(8) as the user.
    package func rbd(_ arguments: String...) throws -> Outcome {
        try run(["rbd", "--id", Self.user, "--keyfile", keyFile, "--conf", configuration] + arguments)
    }

    /// Runs rbd(8), which has to succeed.
    @discardableResult
    package func ask(_ arguments: String...) throws -> String {
        let outcome = try run(["rbd", "--id", Self.user, "--keyfile", keyFile, "--conf", configuration] + arguments)
        guard outcome.status.isSuccess else { throw TestFiles.Failed(arguments, outcome) }
        return outcome.output
    }

    /// The images in a pool.
    package func images(in pool: String = "one") throws -> [String] {
        try ask("ls", pool).split(separator: "\n").map(String.init)
    }

    /// The images that an action which is under way, or was killed, has left.
    package func parts(in pool: String = "one") throws -> [String] {
        try images(in: pool).filter { $0.hasSuffix(".part") }
    }

    /// Copies an image into a file, its holes kept.
    package func fetch(_ image: String, to path: String) throws {
        try? FileManager.default.removeItem(atPath: path)
        try ask("export", "--no-progress", image, path)
    }

    /// How many bytes an image takes.
    package func usage(of image: String) throws -> Int {
        let text = try ask("du", "--format=json", image)
        let number = text.firstMatch(of: /"used_size":([0-9]+)/)
        return number.flatMap { Int($0.1) } ?? -1
    }

    /// Stops the daemon that keeps the data, at once and for good.
    package func stopStorage() throws {
        let text = try String(contentsOfFile: server.cluster + "/run/osd.0.pid", encoding: .utf8)
        guard let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)) else { return }
        kill(pid, SIGKILL)
    }
}
