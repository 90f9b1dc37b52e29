import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// Ports that tests keep for their servers.
@Suite struct LocalPortTests {
    /// Binds sockets to port 0 and connects others, `count` of each, in a process that knows nothing of this one, and
    /// returns the ports that they were given.
    private func portsGiven(_ count: Int) throws -> Set<Int> {
        let script = """
            import socket, sys
            listener = socket.create_server(("127.0.0.1", 0))
            for reuse in (0, 1) * int(sys.argv[1]):
                with socket.socket() as bound, socket.socket() as connected:
                    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
                    bound.bind(("127.0.0.1", 0))
                    connected.connect(listener.getsockname())
                    listener.accept()[0].close()
                    print(bound.getsockname()[1], connected.getsockname()[1])
            """
        let outcome = try TestFiles.succeed(["python3", "-c", script, String(count)])
        return Set(outcome.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) })
    }

    /// 4,000 of the 28,000 ports are kept: a connection that took them like others would take some.
    @Test func aKeptPortIsGivenToNobody() throws {
        let ports = try (0..<4000).map { _ in try LocalPort() }
        let given = try portsGiven(2000)
        #expect(given.count > 1000)
        #expect(given.isDisjoint(with: ports.map(\.number)))
        withExtendedLifetime(ports) {}
    }

    @Test func oneServerAloneListensThere() throws {
        let port = try LocalPort()
        #expect(!port.answers)
        let script = """
            import socket, sys
            socket.create_server(("127.0.0.1", int(sys.argv[1]))).close()
            """
        let listen = ["python3", "-c", script, String(port.number)]
        #expect(try run(listen).status.isSuccess)
        try port.listen()
        #expect(port.answers)
        #expect(try run(listen).errors.contains("Address already in use"))
    }

    @Test func nobodyListensOnTheClosedPort() {
        #expect(!LocalPort.closed.answers)
    }
}
