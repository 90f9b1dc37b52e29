import Foundation
import Glibc
import Posix
import TestSupport
import Testing

/// `market/http/import` of `ssh://HOST:PATH` into a directory of this machine.
@Suite struct BridgeSourceTests {
    private func importImage(_ bridge: Bridge, _ source: String, _ values: [String: String] = [:]) throws -> Outcome {
        try bridge.importImage(source, values.merging([Bridge.marketHosts: ""]) { $1 })
    }

    @Test(arguments: [0, 1, 4095, 4096, (1 << 20) + 1, 20_000_003])
    func theContentArrives(size: Int) throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(size))
        let sum = try md5(of: image)
        let printed = try expectSuccess(try importImage(bridge, "ssh://bridge1:\(image)", ["MD5": sum]))
        #expect(printed["MD5"] == sum)
        let target = bridge.market + "/" + (try #require(try bridge.published().first))
        #expect(try run(["cmp", "--", image, target]).status.isSuccess)
        #expect(try FileStatus(path: target).mode & 0o7777 == 0o644)
    }

    @Test func aSparseImageBecomesASparseOne() throws {
        let bridge = try Bridge()
        let image = bridge.directory.path("image")
        let file = try FileDescriptor.open(image, O_RDWR | O_CREAT)
        try file.truncate(to: 128 << 20)
        try noise(1 << 20).withUnsafeBytes { try file.writeAll($0, at: 64 << 20) }
        _ = try expectSuccess(try importImage(bridge, "ssh://bridge1:\(image)"))
        let target = bridge.market + "/" + (try #require(try bridge.published().first))
        #expect(try run(["cmp", "--", image, target]).status.isSuccess)
        #expect(try FileStatus(path: target).allocatedSize <= 2 << 20)
    }

    /// The marker of the scripts' answers in an image is data like any other.
    @Test func contentThatLooksLikeAnAnswer() throws {
        let bridge = try Bridge()
        let text = "market-drivers: size 5\nmarket-drivers: changed\nmarket-drivers: failed x\nmarket-drivers: same\n"
        let image = try bridge.directory.write("image", text.utf8)
        _ = try expectSuccess(try importImage(bridge, "ssh://bridge1:\(image)"))
        let target = bridge.market + "/" + (try #require(try bridge.published().first))
        #expect(try String(contentsOfFile: target, encoding: .utf8) == text)
    }

    @Test func whatCannotBeReadIsTold() throws {
        let bridge = try Bridge()
        try bridge.addUnprivilegedHost("nobody")
        try bridge.server.addHost("dead", port: LocalPort.closed.number)
        let secret = try bridge.directory.write("secret", noise(1000), mode: 0)
        let cases = [
            ("nobody:\(secret)", "Permission denied"), ("bridge1:\(secret).missing", "No such file or directory"),
            ("bridge1:\(bridge.market)", "it is not a regular file"), ("bridge1:/dev/zero", "it is not a regular file"),
            ("dead:\(secret)", "Connection refused"), ("bridge1", "names no path"), ("bridge1:", "names no path"),
            ("bridge 1:/x", "it is no host name"), ("-oProxyCommand=x:/x", "it is no host name"),
            ("bridge1:relative", "its path is not absolute"),
            ("u:Secret@h.example:/x", "it is no host name"), ("u:Secret@h.example:x", "its path is not absolute"),
            ("u:Secret@h.example", "its path is not absolute"),
        ]
        for (location, reason) in cases {
            let outcome = try importImage(bridge, "ssh://" + location)
            expectFailure(outcome, reason)
            #expect(!outcome.errors.contains("Secret"))
        }
        #expect(try bridge.published() == [])
    }

    @Test func anotherMD5LeavesNothing() throws {
        let bridge = try Bridge()
        let image = try bridge.directory.write("image", noise(3_000_000))
        let wrong = String(repeating: "0", count: 32)
        expectFailure(try importImage(bridge, "ssh://bridge1:\(image)", ["MD5": wrong]), "its MD5 is")
        #expect(try bridge.published() == [])
    }

    /// A change to a source of 64 MiB while it is read: the host's script stands still after the first bytes.
    enum Change: CaseIterable { case shrink, shrinkALittle, grow, rewrite, cut }

    @Test(arguments: Change.allCases)
    func aSourceThatChanges(change: Change) throws {
        let bridge = try Bridge()
        // The program that sends the bytes waits for a file before it goes on.
        let gate = bridge.directory.path("gate")
        let fake = """
            #!/bin/sh
            for word; do case $word in count=*) count=${word#count=} ;; esac; done
            head -c 9000000
            while [ ! -e "\(gate)" ]; do sleep 0.02; done
            exec head -c $((count - 9000000))

            """
        _ = try bridge.directory.makeDirectory("bin")
        try bridge.directory.write("bin/dd", fake.utf8, mode: 0o755)
        let path = bridge.directory.path("bin")
        try bridge.server.addHost("slow", command: "export PATH=\(path):$PATH; exec sh -c \"$SSH_ORIGINAL_COMMAND\"")
        let image = try bridge.directory.write("image", noise(64 << 20))
        let message = try bridge.directory.write(
            "message", bridge.message(["IMPORT_SOURCE": "ssh://slow:\(image)", Bridge.marketHosts: ""]))
        let environment = ProcessInfo.processInfo.environment.merging(bridge.server.environment) { $1 }
        let child = try Child(
            Programs.action("market-http-import") + ["0"], environment: environment.map { "\($0)=\($1)" },
            input: .descriptor(FileDescriptor.open(message, O_RDONLY)))
        #expect(try bridge.waitForData(8 << 20))
        let file = try FileDescriptor.open(image, O_RDWR)
        switch change {
        case .shrink: try file.truncate(to: 10 << 20)
        case .shrinkALittle: try file.truncate(to: (64 << 20) - 5)
        case .grow: try noise(5000).withUnsafeBytes { try file.writeAll($0, at: 64 << 20) }
        case .rewrite: try noise(5000).withUnsafeBytes { try file.writeAll($0, at: 1 << 20) }
        case .cut: bridge.server.cutConnections()
        }
        try bridge.directory.write("gate", [])
        #expect(child.reap(within: 30) == .exited(1))
        var errors = [UInt8](repeating: 0, count: 1 << 16)
        let count = try errors.withUnsafeMutableBytes { try child.errors?.read(into: $0) ?? 0 }
        let text = String(decoding: errors[..<count], as: UTF8.self)
        #expect(text.contains("Cannot read the image 'ssh://slow:\(image)'"), "\(text)")
        #expect(text.contains(change == .rewrite ? "it was changed while it was read" : ": "), "\(text)")
        #expect(try bridge.isCleanedUp())
        #expect(try bridge.published() == [])
    }
}
