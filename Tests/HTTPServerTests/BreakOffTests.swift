import DriverProtocol
import Glibc
import Posix
import TestSupport
import Testing

@testable import HTTP

/// Ends before the end, and the bounds that hold meanwhile.
struct BreakOffTests {
    /// A transfer ends at once when its reader closes: while it waits for the network, and while it waits for room.
    @Test(arguments: ["/~stall=100", "/~endless", "/~slow=1000"])
    func closingBreaksOff(how: String) throws {
        let rig = try Rig(size: 200_000)
        let download = rig.download(how, quick { $0.stallTimeout = 120 })
        try download.open()
        var byte: UInt8 = 0
        #expect(try withUnsafeMutableBytes(of: &byte) { try download.read(into: $0) } == 1)
        try sleep(until: Clock.now + 0.2)
        let start = Clock.now
        download.close()
        #expect(Clock.now - start < 60)
        #expect(throws: DriverError.self) { try download.readAll() }
    }

    @Test func aDroppedDownloadIsClosed() throws {
        let rig = try Rig(size: 10_000)
        let start = Clock.now
        try rig.download("/~stall=100", quick { $0.stallTimeout = 120 }).open()
        #expect(Clock.now - start < 60)
    }

    /// Bytes that the reader does not take stay with the server.
    @Test func theQueueIsBounded() throws {
        let rig = try Rig(size: 10)
        let download = rig.download("/~endless")
        try download.open()
        let deadline = Clock.now + 60
        let queue = try #require(download.transfer?.queue)
        while queue.count < Transfer.queueCapacity, Clock.now < deadline { try sleep(until: Clock.now + 0.01) }
        try sleep(until: Clock.now + 0.2)
        #expect(queue.count == Transfer.queueCapacity)
    }

    /// A sparse gigabyte goes through a process that stays small.
    @Test func memoryDoesNotGrowWithTheFile() async throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("image", [])
        #expect(truncate(path, 1 << 30) == 0)
        let nginx = try Nginx(root: directory.path)
        let url = nginx.url("/image")
        await #expect(processExitsWith: .success) { [url = url as String] in
            let download = HTTPDownload(url: web(url), options: quick(), log: LogRecorder().log)
            try download.open()
            let before = try peakMemory()
            var chunk = [UInt8](repeating: 0, count: 256 << 10)
            while try chunk.withUnsafeMutableBytes({ try download.read(into: $0) }) > 0 {}
            #expect(download.received == 1 << 30)
            let after = try peakMemory()
            #expect(after - before < 16 << 10)
        }
    }

    /// A reader that is busy elsewhere for longer than the stall timeout is no stall.
    @Test func aSlowReaderIsNoStall() throws {
        let rig = try Rig(size: 20_000_000)
        let download = rig.download("", quick { $0.stallTimeout = 1 })
        try download.open()
        try sleep(until: Clock.now + 3)
        #expect(try download.readAll() == rig.content)
        #expect(rig.recorder.lines.isEmpty)
    }

    /// SIGTERM ends a wait for the network, and a wait between attempts, at once.
    @Test(arguments: ["/~stall=0", "/~stall=100", "/~status=503/~retry-after=120"])
    func aSignalEndsTheWait(how: String) async throws {
        let rig = try Rig(size: 10_000)
        let url = rig.server.url(how + "/image")
        await #expect(processExitsWith: .success) { [url = url as String] in
            Interrupt.install()
            let thread = Thread {
                usleep(500_000)
                kill(getpid(), SIGTERM)
            }
            let start = Clock.now
            let download = HTTPDownload(url: web(url), options: quick { $0.stallTimeout = 120 }, log: LogRecorder().log)
            let end = #expect(throws: Interrupted.self) { try download.readAll() }
            #expect(end?.signal == SIGTERM)
            #expect(throws: Interrupted.self) { try HTTPClient(options: quick()).get(web(url)) }
            #expect(Clock.now - start < 60)
            thread.join()
        }
    }
}

/// VmHWM of this process in KiB: proc_pid_status(5).
private func peakMemory() throws -> Int {
    let file = try FileDescriptor.open("/proc/self/status", O_RDONLY)
    let text = String(decoding: try file.readToEnd(limit: 1 << 20) ?? [], as: UTF8.self)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1]))
}
