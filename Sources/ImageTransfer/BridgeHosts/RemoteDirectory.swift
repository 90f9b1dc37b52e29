import Bytes
import DriverProtocol
import Posix

package struct RemoteDirectory: ImageDirectory {
    /// Seconds that the host may take to remove what it has made.
    static let removalTime: Double = 10

    let path: String
    let hosts: BridgeHosts
    let log: Log
    /// Whether zeros of new files take room, too.
    var allocates = false

    package var isRemote: Bool { true }

    /// Nothing to do: the script that writes them removes them.
    package func removeAbandoned() {}

    package func space() throws -> FileSystemSpace {
        try running("use", "the directory \(quoted(path))", RemoteScript.space, [path]) { try Self.space(of: $0) }
    }

    static func space(of shell: RemoteShell) throws -> FileSystemSpace {
        let words = try shell.answer("space")
        let counts = words.compactMap(Self.count)
        guard counts.count == 4, words.count == 4 else {
            throw RemoteFailure(
                host: shell.host, reason: "stat -f answered \(quoted(words.joined(separator: " "))) for four numbers")
        }
        return FileSystemSpace(blockSize: counts[0], blocks: counts[1], free: counts[2], available: counts[3])
    }

    /// Returns a count of blocks, or nil if `word` is none. stat(1) of the GNU core utilities prints large ones as negative ones, that of BusyBox does
    /// not; what is larger than any is the largest.
    private static func count(_ word: String) -> UInt64? {
        if let count = UInt64(word) ?? Int64(word).map(UInt64.init(bitPattern:)) { return count }
        return word.utf8.allSatisfy(isDigit) ? .max : nil
    }

    package func make(needing needed: UInt64?) throws -> (() -> Void)? {
        try running("make", "the directory \(quoted(path))", RemoteScript.make, [path]) { shell in
            let isNew = try shell.answer().first == "made"
            try check(needed, Self.space(of: shell), on: shell.host)
            return isNew ? { Interrupt.holding { shell.end(within: Self.removalTime) } } : nil
        }
    }

    private func check(_ needed: UInt64?, _ space: FileSystemSpace, on host: String) throws(DriverError) {
        try ImageTransfer.checkRoom(needed: needed, space, in: "\(host):\(path)")
    }

    package func makeSink(_ names: ImageNames, mode: UInt32, needing needed: UInt64?) throws -> RemoteSink {
        // Not the name of a `PendingFile`, which is removed by any action of the host, or of a machine that shares its file
        // system, that finds it without a lock.
        let temporary = ".market-drivers-\(randomName()).bridge"
        return try running("write", "an image to \(quoted(path))", RemoteScript.store, [path, temporary]) { shell in
            do {
                try check(needed, Self.space(of: shell), on: shell.host)
                let writesZeros = try shell.answer("zeros") != ["left"]
                return RemoteSink(
                    shell, directory: path, names, mode: mode, writesZeros: writesZeros, allocates: allocates, log: log)
            } catch {
                // The file is there by then.
                Interrupt.holding { shell.end(within: Self.removalTime) }
                throw error
            }
        }
    }

    package func remove(_ name: String) throws -> Bool {
        try running("delete", quoted(joined(path, name)), RemoteScript.remove, [path, name]) { shell in
            try shell.answer().first == "removed"
        }
    }

    func running<Result>(
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
