import Glibc

/// Reading and writing pipes in ways that a signal to this process ends.
extension FileDescriptor {
    /// Waits until a non-blocking descriptor can be read or written.
    private func waitUntilReady(_ events: Int32) throws {
        var entries = [
            pollfd(fd: number, events: Int16(events), revents: 0),
            pollfd(fd: Interrupt.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&entries, 2, -1) < 0 && errno == EINTR {}
        try Interrupt.check()
    }

    /// Everything up to the end of file, or nil where that is more than `limit` bytes, of any descriptor; a signal to
    /// this process ends the wait. Throws ``SystemError`` or ``Interrupted``.
    public func readToEndWaiting(limit: Int) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            try waitUntilReady(POLLIN)
            let count = try chunk.withUnsafeMutableBytes { try readAvailable(into: $0) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { return nil }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Reads what is there, waiting for it: the number of bytes read, 0 at the end.
    /// Throws ``SystemError`` or ``Interrupted``.
    public func readAvailable(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            let count = Glibc.read(number, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno == EAGAIN {
                try waitUntilReady(POLLIN)
            } else if errno != EINTR {
                throw SystemError("read", name)
            }
        }
    }

    /// Writes all of `bytes`, waiting for room. Throws ``SystemError`` or ``Interrupted``.
    public func writeWaiting(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(number, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                try waitUntilReady(POLLOUT)
            } else if errno != EINTR {
                throw SystemError("write", name)
            }
        }
    }
}
