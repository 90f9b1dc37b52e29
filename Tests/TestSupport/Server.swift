import Foundation
import Glibc
import Posix

/// A server that a test has started; it is ended with its last reference.
package final class Server: @unchecked Sendable {
    /// The seconds to wait for a server, the number of its starts, and the seconds that it may take to end.
    package struct Patience: Sendable {
        let answer: Double
        let tries: Int
        let end: Double

        package init(answer: Double = 60, tries: Int = 3, end: Double = 5) {
            (self.answer, self.tries, self.end) = (answer, tries, end)
        }
    }

    private let run: Run
    private let grace: Double

    package var pid: pid_t { run.child.pid }
    /// The first of its ports.
    package var port: Int { run.ports[0].number }

    /// Starts a server and waits until it is ready. Starts it anew, on other ports, if it ends or is not ready in time.
    ///
    /// - Parameters:
    ///   - count: the number of ports that it needs, all of them on 127.0.0.1.
    ///   - isReady: whether the server on this port, which accepts connections, does what the test needs.
    ///   - command: writes the files that the server needs for these ports, and returns its arguments.
    /// - Throws: `NoAnswer` with the last lines that each try has printed.
    package init(
        ports count: Int = 1, patience: Patience = Patience(), isReady: (_ port: Int) throws -> Bool = { _ in true },
        _ command: (_ ports: [Int]) throws -> [String]
    ) throws {
        if ProcessInfo.processInfo.environment["TEST_SERVERS"] == "no" { throw UnitTest() }
        grace = patience.end
        var failures: [String] = []
        while failures.count < patience.tries {
            let run = try Run(ports: (0..<count).map { _ in try LocalPort() }, command)
            guard let failure = try run.failure(within: patience.answer, isReady) else {
                self.run = run
                return
            }
            run.child.terminate(grace: grace)
            failures.append("\(failure)\n\(run.lastLines())")
        }
        throw NoAnswer(failures: failures)
    }

    deinit {
        if let status = run.status {
            // The test that met this fails without its reason: this tells it.
            let text = "\(run.program) has ended before its test, \(status)\n\(run.lastLines())\n"
            FileHandle.standardError.write(Data(text.utf8))
        }
        run.child.terminate(grace: grace)
    }

    /// No try has got an answer.
    package struct NoAnswer: Error, CustomStringConvertible {
        /// The fault of each try, and the server's last lines.
        package let failures: [String]
        package var description: String { failures.joined(separator: "\n") }
    }

    /// `Tests/run unit` runs without servers.
    package struct UnitTest: Error, CustomStringConvertible {
        package var description: String { "a unit test starts a server: it belongs into ActionTests or *ServerTests" }
    }
}

/// One start of a server.
private struct Run {
    let ports: [LocalPort]
    let child: Child
    let program: String
    private let record: TemporaryDirectory

    init(ports: [LocalPort], _ command: ([Int]) throws -> [String]) throws {
        self.ports = ports
        record = try TemporaryDirectory()
        let arguments = try command(ports.map(\.number))
        program = arguments.joined(separator: " ")
        let output = try FileDescriptor.open(record.write("output", []), O_WRONLY | O_APPEND)
        // A pipe that nobody writes to: its end tells a server that the tests' process is gone.
        child = try Child(
            arguments, input: .pipe, output: .descriptor(output), errors: .descriptor(output), ownGroup: true)
    }

    /// The exit status, or nil while it runs.
    var status: ExitStatus? {
        var entry = pollfd(fd: child.exitDescriptor.number, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0 ? child.reap() : nil
    }

    /// Returns the reason why the server is not ready after so many seconds, or nil if it is.
    func failure(within seconds: Double, _ isReady: (Int) throws -> Bool) throws -> String? {
        let deadline = Clock.now + seconds
        while Clock.now < deadline {
            if let status { return "\(program) ended at once, \(status)" }
            if try ports[0].answers && isReady(ports[0].number) { return nil }
            usleep(20_000)
        }
        return "\(program) did not answer on port \(ports[0].number) within \(seconds) s"
    }

    /// Returns the last 40 lines that the server has printed, indented.
    func lastLines() -> String {
        let output = (try? Data(contentsOf: URL(filePath: record.path("output")))) ?? Data()
        return String(decoding: output, as: UTF8.self).split(separator: "\n").suffix(40).map { "    " + $0 }.joined(
            separator: "\n")
    }
}
