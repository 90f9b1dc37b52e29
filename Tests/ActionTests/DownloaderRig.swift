import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `datastore/downloader.sh`, its sources, and the place where it writes.
final class DownloaderRig: Sendable {
    /// A script that runs it, as the launcher does, beside the executables.
    static let program: String = {
        let path = Programs.path("downloader.sh")
        let script = "#!/bin/sh\n" + Programs.launcher("datastore-downloader.sh")
        try? script.write(toFile: path, atomically: true, encoding: .utf8)
        chmod(path, 0o755)
        return path
    }()
    let directory: TemporaryDirectory
    let sources: String
    let target: String

    init() throws {
        directory = try TemporaryDirectory()
        sources = try directory.makeDirectory("sources")
        _ = try directory.makeDirectory("targets")
        target = directory.path("targets/file")
    }

    /// Runs it as a shell's script does that is itself read from standard input: what stands there must stay.
    func download(
        _ arguments: [String], message: DriverMessage? = nil, environment: [String: String] = [:],
        through wrapper: [String] = []
    ) throws -> Outcome {
        try run(
            wrapper + [Self.program] + arguments, input: Array("the rest of a script\n".utf8),
            environment: [
                "ONE_LOCATION": directory.path,
                "DRV_ACTION": message.map { String(decoding: $0.base64, as: UTF8.self) } ?? "",
            ]
            .merging(environment) { $1 })
    }

    /// What lies beside the target, hidden files too.
    func targets() throws -> [String] { try directory.names(in: "targets") }

    /// Expects that it has ended well, and has written to nothing but its target.
    func expectSuccess(_ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(outcome.status == .exited(0), "\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.reasons == [], sourceLocation: sourceLocation)
    }

    /// Expects one line with `parts`, and nothing at the target.
    func expectNothing(
        _ outcome: Outcome, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        expectRefusal(outcome, parts, sourceLocation: sourceLocation)
        #expect(try targets() == [], sourceLocation: sourceLocation)
    }

    /// Expects the bytes of `original` at the target.
    func expectTarget(_ original: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try run(["cmp", original, target]).status.isSuccess, sourceLocation: sourceLocation)
        #expect(try targets() == ["file"], sourceLocation: sourceLocation)
    }
}
