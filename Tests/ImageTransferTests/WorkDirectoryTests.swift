import Foundation
import Posix
import TestSupport
import Testing

@testable import ImageTransfer

@Suite struct WorkDirectoryTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Each one looks for abandoned directories when the others have just made theirs.
    @Test func nobodyLosesTheirsToAnother() async throws {
        let path = directory.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<25 {
                        let work = try WorkDirectory(in: path)
                        try Data("x".utf8).write(to: URL(filePath: work.file("file")))
                        usleep(500)
                        #expect(FileManager.default.fileExists(atPath: work.file("file")))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try directory.names(in: "").isEmpty)
    }

    /// A daemon of the killed process, which has left its parent, process group and session, and heeds no SIGTERM.
    @Test func removesWhatAKilledProcessHasLeftAndEndsWhatStillRunsThere() throws {
        let left = try directory.makeDirectory(".market-drivers-0123456789abcdef.work")
        let started = try Command(
            ["env", "TMPDIR=\(left)", "sh", "-c"]
                + ["cd \"$TMPDIR\"; trap '' TERM; setsid sleep 600 >/dev/null 2>&1 & echo $!"]
        ).run()
        let pid = try #require(pid_t(String(decoding: started.output, as: UTF8.self).dropLast()))
        #expect(kill(pid, 0) == 0)
        let work = try WorkDirectory(in: directory.path)
        #expect(try directory.names(in: "") == [URL(filePath: work.path).lastPathComponent])
        let state = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        #expect(state.isEmpty || state.contains(") Z "))
    }
}
