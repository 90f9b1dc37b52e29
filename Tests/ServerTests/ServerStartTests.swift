import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// The start of the tests' servers, and the error of one that does not come up.
@Suite struct ServerStartTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A shell command, with the port as $1, which ends at its first two starts and serves at the third.
    private static let late = """
        echo start >> starts; echo "the port $1 is taken" >&2
        [ "$(wc -l < starts)" -gt 2 ] || exit 7
        exec python3 -m http.server --bind 127.0.0.1 "$1"
        """

    private func command(_ script: String, _ port: Int) -> [String] {
        ["sh", "-c", "cd \"$0\"; " + script, directory.path, String(port)]
    }

    @Test func whatEndsIsStartedAnewOnAnotherPort() throws {
        var ports: [Int] = []
        let server = try Server { given in
            ports += given
            return command(Self.late, given[0])
        }
        #expect(ports.count == 3 && Set(ports).count == 3)
        #expect(server.port == ports[2])
        #expect(try run(["curl", "-sf", "http://127.0.0.1:\(server.port)/starts"]).output == "start\nstart\nstart\n")
    }

    @Test func theLastLinesOfEachTryAreTold() throws {
        let error = try #require(throws: Server.NoAnswer.self) {
            try Server { command("echo line 1 of $1; seq 2 50; exit 7", $0[0]) }
        }
        #expect(error.failures.count == 3)
        for failure in error.failures {
            #expect(failure.contains("ended at once, exit status 7"))
            #expect(failure.contains("    11\n") && failure.hasSuffix("    50") && !failure.contains("    line 1"))
        }
        #expect(error.failures.allSatisfy { "\(error)".contains($0) })
    }

    @Test func whatIsSilentIsEndedAndStartedAnew() throws {
        let error = try #require(throws: Server.NoAnswer.self) {
            try Server(patience: .init(answer: 0.3, tries: 2)) { command("echo $$ >> pids; exec sleep 60", $0[0]) }
        }
        #expect(error.failures.count == 2 && error.failures.allSatisfy { $0.contains("did not answer on port") })
        let pids = try String(contentsOfFile: directory.path("pids"), encoding: .utf8).split(separator: "\n")
        #expect(pids.count == 2)
        for pid in pids { #expect(kill(try #require(pid_t(pid)), 0) != 0 && errno == ESRCH) }
    }

    /// A port that answers is not enough if more is required.
    @Test func whatIsNeverReadyIsStartedAnew() throws {
        var asked: Set<Int> = []
        let error = try #require(throws: Server.NoAnswer.self) {
            try Server(
                patience: .init(answer: 1, tries: 2),
                isReady: { port in
                    asked.insert(port)
                    return false
                },
                { ["python3", "-m", "http.server", "--bind", "127.0.0.1", String($0[0])] })
        }
        #expect(error.failures.count == 2 && asked.count <= 2)
    }

    @Test(arguments: S3Server.Kind.allCases) func aServiceEndsWithItsLastReference(kind: S3Server.Kind) throws {
        let port = try S3Server(kind).endpoint.split(separator: ":").last.map(String.init) ?? ""
        let script = "import socket, sys; socket.create_server(('127.0.0.1', int(sys.argv[1]))).close()"
        #expect(try run(["python3", "-c", script, port]).status.isSuccess)
    }
}
