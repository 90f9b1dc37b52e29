import Foundation
import Glibc
import Posix
import TestSupport
import Testing

@Suite struct PendingFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ text: String, to file: PendingFile) throws {
        try Array(text.utf8).withUnsafeBytes { try file.descriptor.writeAll($0) }
    }

    @Test func isHiddenUntilPublished() throws {
        let file = try PendingFile(in: directory.path)
        try write("text", to: file)
        let names = try directory.names()
        #expect(names.count == 1 && names[0].hasPrefix(".") && joined(directory.path, names[0]) == file.path)
        #expect(try FileStatus(path: file.path).mode & 0o777 == 0o600)
        #expect(try file.publish(as: ["app"], mode: 0o644) == "app")
        #expect(try directory.names() == ["app"])
        #expect(try FileStatus(path: directory.path("app")).mode & 0o777 == 0o644)
        file.discard()
        #expect(try String(contentsOfFile: directory.path("app"), encoding: .utf8) == "text")
    }

    @Test func takesTheNextNameAndReplacesNothing() throws {
        try directory.write("a", Array("old".utf8))
        _ = try directory.makeDirectory("b")
        let file = try PendingFile(in: directory.path)
        try write("new", to: file)
        #expect(try file.publish(as: ["a", "b", "c", "d"], mode: 0o644) == "c")
        #expect(try directory.names() == ["a", "b", "c"])
        #expect(try String(contentsOfFile: directory.path("a"), encoding: .utf8) == "old")
    }

    @Test func isRemovedWhereItCannotBePublished() throws {
        try directory.write("a", [])
        do {
            let file = try PendingFile(in: directory.path)
            let taken = try #require(throws: SystemError.self) { _ = try file.publish(as: ["a"], mode: 0o644) }
            #expect(taken.code == EEXIST)
            let missing = try #require(throws: SystemError.self) { _ = try file.publish(as: ["none/a"], mode: 0o644) }
            #expect(missing.code == ENOENT)
            #expect(try directory.names().count == 2)
        }
        #expect(try directory.names() == ["a"])
    }

    @Test func isRemovedWithItsLastReference() throws {
        var file: PendingFile? = try PendingFile(in: directory.path)
        #expect(try directory.names().count == 1)
        file = nil
        #expect(file == nil)
        #expect(try directory.names() == [])
        #expect(throws: SystemError.self) { _ = try PendingFile(in: directory.path("none")) }
    }

    @Test func onlyWhatNobodyHoldsIsAbandoned() throws {
        let held = try PendingFile(in: directory.path)
        // One that another process has locked, as a driver at work would.
        let name = ".market-drivers-0123456789abcdef.part"
        try directory.write(name, [])
        try directory.write(".market-drivers-ffffffffffffffff.part", Array("left behind".utf8))
        try directory.write("part", [])
        let holder = try Child(
            ["flock", "--no-fork", directory.path(name), "sleep", "60"], output: .null, errors: .null)
        let deadline = Clock.now + 10
        while try FileDescriptor.open(directory.path(name), O_RDWR).tryLock(), Clock.now < deadline { usleep(5_000) }

        #expect(PendingFile.removeAbandoned(in: directory.path) == 1)
        let expected = [name, URL(filePath: held.path).lastPathComponent, "part"].sorted()
        #expect(try directory.names() == expected)

        holder.send(SIGKILL)
        #expect(holder.reap() == .signalled(SIGKILL))
        #expect(PendingFile.removeAbandoned(in: directory.path) == 1)
        #expect(try directory.names() == expected.filter { $0 != name })
        #expect(PendingFile.removeAbandoned(in: directory.path("none")) == 0)
    }

    @Test func followsNoLink() throws {
        let target = try directory.write("target", [])
        symlink(target, directory.path(".market-drivers-0.part"))
        #expect(PendingFile.removeAbandoned(in: directory.path) == 0)
        #expect(try directory.names().contains("target"))
    }

    /// Files made and abandoned ones cleared at the same time by several threads: no file at work is ever lost.
    @Test func survivesClearingByOthers() throws {
        let path = directory.path
        let published = Locked(0)
        let writers = (0..<4).map { writer in
            Posix.Thread {
                for round in 0..<50 {
                    PendingFile.removeAbandoned(in: path)
                    guard let file = try? PendingFile(in: path),
                        (try? file.publish(as: ["\(writer)-\(round)"], mode: 0o644)) != nil
                    else { continue }
                    published.update { $0 += 1 }
                }
            }
        }
        for writer in writers { writer.join() }
        #expect(published.update { $0 } == 200)
        #expect(try directory.names().count == 200)
    }
}
