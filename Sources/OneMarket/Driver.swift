import Bytes
import DriverProtocol
import Glibc
import Posix

/// An executable under `remotes/`.
struct Driver: Equatable, Sendable {
    /// Its path there: `market/http/import`.
    let name: String
    /// The words that start it, without the arguments.
    let command: [String]
    /// Whether it reads its message from standard input, which it declares with ``marker``. Others get it as their
    /// first argument, as from the stock driver manager: public on the machine (ps), and limited in length.
    let readsStandardInput: Bool

    /// The words with which a market driver declares that it reads standard input, within its first ``headLength``
    /// bytes.
    static let marker = "# message on stdin"
    static let headLength = 512

    /// Looks up the executable `name` below `remotes`. Throws if there is none that can be run.
    init(_ name: String, remotes: String) throws(DriverError) {
        let path = remotes + "/" + name
        do throws(SystemError) {
            let file = try FileStatus(path: path)
            guard file.isRegularFile else { throw SystemError("run", path, code: file.isDirectory ? EISDIR : EACCES) }
            try retrying("run", path) { access(path, X_OK) }
        } catch {
            let isMissing = error.code == ENOENT || error.code == ENOTDIR
            throw DriverError(
                "run", path, error,
                remedy: isMissing
                    ? "install that driver, or correct the driver's name in the marketplace's or the datastore's settings"
                    : "make it a file that the user that runs oned (oneadmin) can execute")
        }
        self.name = name
        let head = Self.head(of: path)
        readsStandardInput = head.firstRange(of: Array(Self.marker.utf8)) != nil
        command = Self.program(ofLauncher: head, of: name).map { [$0, name] } ?? [path]
    }

    private static func head(of path: String) -> [UInt8] {
        var head = [UInt8](repeating: 0, count: headLength)
        guard let file = try? FileDescriptor.open(path, O_RDONLY),
            let count = try? head.withUnsafeMutableBytes({ buffer throws(SystemError) in
                try file.read(into: buffer, at: 0)
            })
        else { return [] }
        return Array(head[..<count])
    }

    /// Returns the program that a launcher of install.sh becomes, or nil if `script` is anything else. It is run
    /// without sh, which takes a third of the time of a MONITOR.
    static func program(ofLauncher script: [UInt8], of name: String) -> String? {
        let start = Array("#!/bin/sh\nexec '".utf8)
        let end = Array("' \(name) \"$@\" \(marker)\n".utf8)
        // A file of headLength may be longer than what was read of it.
        guard script.count < headLength, script.count > start.count + end.count, script.starts(with: start),
            script.suffix(end.count) == end[...]
        else { return nil }
        // Between single quotes all is literal for sh, but for a quote and the zeros that it drops.
        let path = script.dropFirst(start.count).dropLast(end.count)
        guard path.first == UInt8(ascii: "/"), !path.contains(UInt8(ascii: "'")), !path.contains(0) else { return nil }
        return String(validating: path, as: UTF8.self)
    }

    /// Whether `name` can be a folder below `remotes/market` or `remotes/datastore`. It comes from a message.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "-") }
    }
}
