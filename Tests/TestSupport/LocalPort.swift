import Glibc
import Posix

/// A TCP port of 127.0.0.1 that no other process of this machine gets while this value lives.
///
/// A socket is bound to it, so the kernel hands it out neither to bind(2) with port 0 nor to connect(2), in no process
/// and no checkout. Only a process that names its number and sets SO_REUSEADDR, as servers do, can listen there, and
/// one alone.
package final class LocalPort: Sendable {
    package let number: Int
    private let holder: FileDescriptor

    package init() throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let holder = FileDescriptor(try retrying("socket", "127.0.0.1") { socket(AF_INET, type, 0) }, name: "a port")
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try address.withPointer { pointer in
            try retrying("bind", "127.0.0.1") { bind(holder.number, pointer, length) }
            try retrying("getsockname", "127.0.0.1") { getsockname(holder.number, pointer, &length) }
        }
        let number = Int(UInt16(bigEndian: address.sin_port))
        // Not before: bind(2) could share the port of another socket that has it.
        var yes: Int32 = 1
        try retrying("setsockopt", "port \(number)") {
            setsockopt(holder.number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        }
        (self.holder, self.number) = (holder, number)
    }

    /// Accepts connections from now on, and sends nothing to them.
    package func listen() throws {
        try retrying("listen", "port \(number)") { Glibc.listen(holder.number, 8) }
    }

    /// Whether somebody accepts a connection.
    package var answers: Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port: number)
        return address.withPointer { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }

    /// A port that nobody listens on while the tests run.
    package static let closed: LocalPort = {
        do { return try LocalPort() } catch { fatalError("no port can be had: \(error)") }
    }()
}

private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = UInt16(port).bigEndian
    return address
}

extension sockaddr_in {
    fileprivate mutating func withPointer<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>) throws -> Result
    ) rethrows -> Result {
        try withUnsafeMutablePointer(to: &self) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}
