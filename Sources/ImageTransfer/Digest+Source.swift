import Checksums
import DriverProtocol
import Posix

extension Digest {
    /// Returns the digest of everything that comes from `source`.
    package func finish(reading source: any ImageSource, log: Log) throws -> String {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: DigestThread.bufferSize, alignment: 4096)
        defer { buffer.deallocate() }
        let progress = Progress("reading \(quoted(source.name))", total: source.length, log: log)
        while true {
            try Interrupt.check()
            switch try source.next(into: buffer) {
            case .data(let count):
                update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                progress.advance(UInt64(count))
            case .hole(let count):
                // Zeros are digested at the speed of data: in steps, so that a signal and the log are heeded.
                for start in stride(from: 0, to: count, by: DigestThread.bufferSize) {
                    try Interrupt.check()
                    let step = min(count - start, UInt64(DigestThread.bufferSize))
                    updateZeros(step)
                    progress.advance(step)
                }
            case .end:
                return finish()
            }
        }
    }
}
