import Foundation
import Glibc
import Posix

/// The executables that the package builds.
public enum Programs {
    /// The folder that they lie in: that of the test bundle, which is mapped into this process.
    public static let directory: String = {
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        let bundle = maps.split(separator: "\n").compactMap { line in
            line.firstIndex(of: "/").map { String(line[$0...]) }
        }.first { $0.hasSuffix(".xctest") }
        guard let bundle else { fatalError("the test bundle cannot be found") }
        return URL(filePath: bundle).deletingLastPathComponent().path
    }()

    public static func path(_ name: String) -> String { directory + "/" + name }
}

/// What a program has left: its exit status, and what it wrote.
public struct Outcome: Sendable {
    public let status: ExitStatus
    public let output: String
    public let errors: String

    public init(status: ExitStatus, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    /// The lines on standard error that the driver manager would show the user: those without a level.
    public var reasons: [String] {
        errors.split(separator: "\n").map(String.init).filter { line in
            !["ERROR:", "INFO:", "WARN:", "DEBUG:"].contains { line.hasPrefix($0) }
        }
    }
}

/// Runs a program to its end.
@discardableResult
public func run(
    _ arguments: [String], input: some Sequence<UInt8> = [], environment: [String: String] = [:], timeout: Double = 120
) throws -> Outcome {
    let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let command = Command(arguments, environment: merged.map { "\($0)=\($1)" })
    let result = try command.run(input: Array(input), outputLimit: 256 << 20, timeout: timeout)
    return Outcome(
        status: result.status, output: String(decoding: result.output, as: UTF8.self), errors: result.errors)
}

/// A TCP port on 127.0.0.1 that nobody uses at the moment.
public func freePort() -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length)
            getsockname(descriptor, $0, &length)
        }
    }
    return Int(UInt16(bigEndian: address.sin_port))
}

/// A server that a test has started; it is ended with its last reference.
public final class Server: @unchecked Sendable {
    private let child: Child

    public var pid: pid_t { child.pid }

    /// Starts the program and waits until `port` of 127.0.0.1 answers.
    public init(_ arguments: [String], port: Int, environment: [String: String] = [:]) throws {
        let merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        child = try Child(
            arguments, environment: merged.map { "\($0)=\($1)" }, output: .null, errors: .null, ownGroup: true)
        let deadline = Clock.now + 30
        while !answers(port) {
            guard Clock.now < deadline else { throw NoAnswer(program: arguments[0], port: port) }
            usleep(20_000)
        }
    }

    public struct NoAnswer: Error {
        public let program: String
        public let port: Int
    }

    deinit {
        child.terminate()
    }
}

private func answers(_ port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = UInt16(port).bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
