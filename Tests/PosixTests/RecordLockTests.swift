import Glibc
import Posix
import TestSupport
import Testing

@Suite struct RecordLockTests {
    /// Another process that holds the lock on a byte of `path`, until it is ended.
    private func holder(of path: String, byte: Int) throws -> Child {
        let script =
            "import fcntl,os,struct,sys\nf=os.open(sys.argv[1],os.O_RDWR)\n"
            + "fcntl.fcntl(f,fcntl.F_SETLK,struct.pack('hhqqi',fcntl.F_WRLCK,0,int(sys.argv[2]),1,0))\n"
            + "os.write(1,b'held\\n')\nsys.stdin.read()\n"
        let child = try Child(["python3", "-c", script, path, String(byte)], input: .pipe)
        var word = [UInt8](repeating: 0, count: 5)
        _ = try word.withUnsafeMutableBytes { try child.output!.readAvailable(into: $0, by: Clock.now + 30) }
        #expect(word == Array("held\n".utf8))
        return child
    }

    @Test func aLockTellsItsProcessAndGoesWithIt() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("file", [])
        let file = try FileDescriptor.open(path, O_RDWR)
        #expect(try file.holder(ofByte: 0) == nil)
        let child = try holder(of: path, byte: 0)
        #expect(try file.holder(ofByte: 0) == child.pid)
        #expect(try !file.lock(byte: 0))
        // Byte by byte.
        #expect(try file.holder(ofByte: 1) == nil)
        #expect(try file.lock(byte: 1))
        child.send(SIGKILL)
        _ = child.reap()
        #expect(try file.holder(ofByte: 0) == nil)
        #expect(try file.lock(byte: 0))
    }
}
