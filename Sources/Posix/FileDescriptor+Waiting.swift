import CPosix
import Glibc

/// Reading and writing pipes in ways that a signal to this process ends.
extension FileDescriptor {
    /// Waits until a non-blocking descriptor can be read or written. Returns false if `deadline` of the ``Clock`` came
    /// first.
    private func waitUntilReady(_ events: Int32, by deadline: Double?) throws -> Bool {
        while true {
            var entries = [
                pollfd(fd: number, events: Int16(events), revents: 0),
                pollfd(fd: Interrupt.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let rest = deadline.map { max(0, $0 - Clock.now) }
            let ready = poll(&entries, 2, rest.map { Int32(min($0, 3600) * 1000) + 1 } ?? -1)
            try Interrupt.check()
            if ready > 0 { return true }
            if let deadline, Clock.now >= deadline { return false }
        }
    }

    /// Returns everything up to the end of file of any descriptor, or nil if that is more than `limit` bytes.
    ///
    /// - Throws: ``SystemError``, or ``Interrupted`` if a signal to this process ended the wait.
    package func readToEndWaiting(limit: Int) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            _ = try waitUntilReady(POLLIN, by: nil)
            let count = try chunk.withUnsafeMutableBytes { try readAvailable(into: $0) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else { return nil }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Reads what is there, waiting for it. Returns the number of bytes read, 0 at the end, or nil if `deadline` came
    /// first.
    ///
    /// - Throws: ``SystemError`` or ``Interrupted``.
    package func readAvailable(into buffer: UnsafeMutableRawBufferPointer, by deadline: Double?) throws -> Int? {
        while true {
            let count = Glibc.read(number, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            if errno == EAGAIN {
                guard try waitUntilReady(POLLIN, by: deadline) else { return nil }
            } else if errno != EINTR {
                throw SystemError("read", name)
            }
        }
    }

    /// Reads what is there, waiting for it. Returns the number of bytes read, 0 at the end.
    package func readAvailable(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        try readAvailable(into: buffer, by: nil) ?? 0
    }

    /// Lets a pipe hold 1 MiB in place of 64 KiB, as far as the system allows, so that its two ends wait less often for
    /// each other: F_SETPIPE_SZ of fcntl(2).
    package func widenPipe() {
        _ = cposix_set_pipe_size(number, 1 << 20)
    }

    /// Writes all of `bytes` to any descriptor, also a blocking one. A signal to this process ends the wait. Throws
    /// ``SystemError`` or ``Interrupted``.
    package func writeWhenReady(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            _ = try waitUntilReady(POLLOUT, by: nil)
            let count = Glibc.write(number, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno != EAGAIN && errno != EINTR {
                throw SystemError("write", name)
            }
        }
    }

    /// Writes all of `bytes`, waiting for room. Throws ``SystemError`` or ``Interrupted``.
    ///
    /// - Parameter stall: seconds after which a reader that takes nothing is an ETIMEDOUT; nil for none.
    package func writeWaiting(_ bytes: UnsafeRawBufferPointer, stall: Double? = nil) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(number, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                guard try waitUntilReady(POLLOUT, by: stall.map { Clock.now + $0 }) else {
                    throw SystemError("write", name, code: ETIMEDOUT)
                }
            } else if errno != EINTR {
                throw SystemError("write", name)
            }
        }
    }
}
