import Foundation
import Glibc
import TestSupport
import Testing

/// `market/linuxcontainers/export`, ended in the middle of a build.
@Suite(.serialized) struct ContainerInterruptionTests {
    /// The progress of a build, by the files in its work directory.
    enum Moment: String, CaseIterable {
        case fetching = ""
        case unpacking = "root/bin"
        case unpacked = "fakeroot"
        case making = "image.raw"
    }

    private let rig: ContainerRig
    private let message: DriverMessage

    init() throws {
        rig = try ContainerRig()
        try rig.prepare("--noise", "200", "--trick", "blanks")
        message = try rig.message(size: 400)
    }

    /// Returns the numbers of the processes that work in STAGING_DIR.
    private func processes() throws -> Set<String> {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
        return Set(
            names.filter { name in
                let texts = ["environ", "cmdline"].map {
                    FileManager.default.contents(atPath: "/proc/\(name)/\($0)").map {
                        String(decoding: $0, as: UTF8.self)
                    }
                }
                let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(name)/cwd")
                return (texts + [place]).contains { $0?.contains(rig.staging) == true }
            })
    }

    /// Returns the message queues that these processes were the last to use: fakeroot's.
    private func queues(of processes: Set<String>) throws -> [Substring] {
        try String(contentsOfFile: "/proc/sysvipc/msg", encoding: .utf8).split(separator: "\n").dropFirst().filter {
            let fields = $0.split(separator: " ").map(String.init)
            return !processes.isDisjoint(with: fields[5...6])
        }
    }

    /// Ends an export at a moment. Returns its processes at that moment.
    private func end(_ signal: Int32, at moment: Moment) throws -> (outcome: Outcome, processes: Set<String>) {
        let action = try RunningAction(
            "market-linuxcontainers-export", message, in: LocalMarket(),
            environment: ["ONE_LOCATION": rig.catalog.directory.path, "http_proxy": "", "no_proxy": ""])
        try action.wait {
            try rig.catalog.directory.names(in: "staging area").contains { name in
                FileManager.default.fileExists(atPath: rig.staging + "/" + name + "/" + moment.rawValue)
            }
        }
        var processes: Set<String> = []
        if moment != .fetching {
            try action.wait {
                processes = try self.processes()
                return !processes.isEmpty
            }
        }
        action.send(signal)
        return (try action.finish(), processes)
    }

    @Test(arguments: Moment.allCases, [SIGTERM, SIGQUIT]) func leavesNothing(_ moment: Moment, _ signal: Int32) throws {
        let (outcome, earlier) = try end(signal, at: moment)
        #expect(outcome.status == .exited(1) && outcome.output == "" && outcome.reasons.count == 1)
        #expect(try rig.catalog.directory.names(in: "staging area").isEmpty)
        #expect(try rig.catalog.directory.names(in: "datastore").isEmpty)
        #expect(try processes().isEmpty && queues(of: earlier).isEmpty)
    }

    @Test(arguments: [Moment.unpacking, .making]) func theNextRunRemovesWhatAKilledOneHasLeft(_ moment: Moment) throws {
        let (outcome, earlier) = try end(SIGKILL, at: moment)
        #expect(outcome.status == .signalled(SIGKILL))
        #expect(try rig.catalog.directory.names(in: "staging area").count == 1)
        _ = try rig.image(rig.export(message), size: 400)
        #expect(try processes().isEmpty && queues(of: earlier).isEmpty)
    }
}
