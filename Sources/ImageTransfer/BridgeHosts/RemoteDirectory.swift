import DriverProtocol
import Posix

public struct RemoteDirectory: ImageDirectory {
    let path: String
    let hosts: BridgeHosts

    public func space() throws -> FileSystemSpace {
        try running("use", "the directory \(quoted(path))", RemoteScript.space, [path]) { try Self.space(of: $0) }
    }

    private static func space(of shell: RemoteShell) throws -> FileSystemSpace {
        let counts = try shell.answer("space").compactMap { UInt64($0) }
        guard counts.count == 4 else {
            throw RemoteFailure(host: shell.host, reason: "stat tells no sizes: the GNU core utilities are missing")
        }
        return FileSystemSpace(
            total: counts[1] * counts[0], used: (counts[1] - counts[2]) * counts[0], available: counts[3] * counts[0])
    }

    public func makeSink(needing needed: UInt64?) throws -> any ImageSink {
        let temporary = ".market-drivers-\(randomName()).part"
        return try running("write", "an image to \(quoted(path))", RemoteScript.store, [path, temporary]) { shell in
            try checkRoom(needed: needed, available: try Self.space(of: shell).available, in: "\(shell.host):\(path)")
            return RemoteSink(shell, directory: path)
        }
    }

    public func remove(_ name: String) throws -> Bool {
        try running("delete", quoted(joined(path, name)), RemoteScript.remove, [path, name]) { shell in
            try shell.answer().first == "removed"
        }
    }

    private func running<Result>(
        _ operation: String, _ object: String, _ script: String, _ arguments: [String],
        _ body: (RemoteShell) throws -> Result
    ) throws -> Result {
        do {
            return try body(try hosts.run(script, arguments))
        } catch let failure as RemoteFailure {
            throw failure.error(operation, object)
        }
    }
}
