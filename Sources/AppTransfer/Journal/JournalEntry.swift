import DriverProtocol
import Glibc
import Posix

/// An open file of the journal.
struct JournalEntry {
    /// The byte that is locked by a living import, and by a process that takes its publication back.
    private static let ownerByte: Int64 = 0
    private static let cleanerByte: Int64 = 1
    private static let sizeLimit = 4096
    /// The beginning and the end of the name of a file that is being written.
    private static let unfinished = (beginning: ".", ending: ".new")
    /// The seconds after which such a file is abandoned.
    private static let writingTime = 60.0

    let name: JournalName
    let path: String
    let file: FileDescriptor
    /// Seconds.
    let age: Double

    /// Opens an entry. Returns nil if it is gone, or is no file of the journal's.
    init?(_ name: JournalName, in directory: String) {
        let path = joined(directory, name.text)
        // Opened for writing: an exclusive lock requires that.
        guard let file = try? FileDescriptor.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK),
            let status = try? file.status(),
            status.isRegularFile, status.size <= Self.sizeLimit
        else { return nil }
        self.name = name
        self.path = path
        self.file = file
        age = WallClock.now - status.modificationTime
    }

    /// Writes a new entry, locked by this process. It is durable before it is visible.
    init(new name: JournalName, _ publication: Publication, in directory: String) throws(SystemError) {
        let temporary = joined(directory, Self.unfinished.beginning + name.unique + Self.unfinished.ending)
        self.name = name
        path = joined(directory, name.text)
        age = 0
        file = try FileDescriptor.open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
        do throws(SystemError) {
            _ = try file.lock(byte: Self.ownerByte)
            try file.writeAll(Array(publication.text.utf8))
            try file.synchronize()
            try retrying("rename", path) { [path] in rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        PendingFile.synchronizeDirectory(directory)
    }

    /// Removes files that killed processes were writing.
    static func removeUnfinished(in directory: String) {
        for name in (try? directoryEntries(directory)) ?? []
        where name.hasPrefix(unfinished.beginning) && name.hasSuffix(unfinished.ending) {
            let path = joined(directory, name)
            guard let status = try? FileStatus(path: path, followLinks: false) else { continue }
            if WallClock.now - status.modificationTime > writingTime { unlink(path) }
        }
    }

    /// Returns the process of the import, or nil if it is dead.
    func owner() throws(DriverError) -> pid_t? {
        do { return try file.holder(ofByte: Self.ownerByte) } catch { throw DriverError("use", quoted(path), error) }
    }

    /// Waits until no other process takes the publication back. Returns whether the entry still exists, under its name.
    func reserve() throws -> Bool {
        while try !file.lock(byte: Self.cleanerByte) { try sleep(until: Clock.now + 0.02) }
        guard let now = try? FileStatus(path: path, followLinks: false), let opened = try? file.status() else {
            return false
        }
        return now.device == opened.device && now.inode == opened.inode
    }

    func publication() -> Publication? {
        var bytes = [UInt8](repeating: 0, count: Self.sizeLimit)
        guard
            let count = try? bytes.withUnsafeMutableBytes({ buffer throws(SystemError) in
                try file.read(into: buffer, at: 0)
            })
        else { return nil }
        return Publication(text: String(decoding: bytes[..<count], as: UTF8.self))
    }

    /// Gives it another state; its age begins anew.
    func become(_ state: JournalState) throws(SystemError) {
        var next = name
        next.state = state
        let target = joined(String(path.dropLast(name.text.count + 1)), next.text)
        try retrying("utimensat", path) { utimensat(AT_FDCWD, path, nil, AT_SYMLINK_NOFOLLOW) }
        try retrying("rename", path) { rename(path, target) }
    }

    func forget() {
        unlink(path)
    }
}
