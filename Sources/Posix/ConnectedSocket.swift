import Glibc

/// A socket for one client, which is connected already: a server that takes its first connection gets this one, and
/// nobody can come before. It has no name in the file system. unix(7).
package struct ConnectedSocket {
    /// For the server: it accepts here.
    package let server: FileDescriptor
    /// For the client, non-blocking.
    package let client: FileDescriptor

    package init() throws(SystemError) {
        server = try Self.make()
        client = try Self.make()
        // Without a name, the kernel chooses an abstract one.
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var length = socklen_t(MemoryLayout<sa_family_t>.size)
        try Self.calling("bind", server, &address, length) { bind($0, $1, $2) }
        try retrying("listen", "a socket") { listen(server.number, 1) }
        length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let named = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(server.number, $0, &length) }
        }
        guard named == 0 else { throw SystemError("getsockname", "a socket") }
        try Self.calling("connect", client, &address, length) { connect($0, $1, $2) }
        client.setNonBlocking()
    }

    private static func make() throws(SystemError) -> FileDescriptor {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw SystemError("socket", "a socket") }
        return FileDescriptor(number, name: "a socket")
    }

    private static func calling(
        _ name: String, _ descriptor: FileDescriptor, _ address: inout sockaddr_un, _ length: socklen_t,
        _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) {
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor.number, $0, length) }
        }
        guard result == 0 else { throw SystemError(name, "a socket") }
    }
}
