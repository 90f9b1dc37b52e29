import DriverProtocol
import Testing

@testable import ImageTransfer

/// Names, locations and answers of Ceph.
@Suite struct RBDTests {
    @Test(
        arguments: [
            ("one/one-7", "one", nil, "one-7", nil), ("a/b/c@d", "a", "b", "c", "d"),
            ("p.x/i:1@0", "p.x", nil, "i:1", "0"),
        ] as [(String, String, String?, String, String?)])
    func names(_ text: String, _ pool: String, _ namespace: String?, _ name: String, _ snapshot: String?) throws {
        let image = try #require(RBDImage(text))
        #expect(image.pool == pool && image.namespace == namespace && image.name == name && image.snapshot == snapshot)
        #expect("\(image)" == text)
    }

    @Test(arguments: [
        "", "a", "/a", "a/", "a/b/c/d", "a/b@", "a/@b", "a/b@c@d", "a@b/c", "a b/c", "a/b\n", "a//b", "a/b\u{0}",
    ])
    func noNames(_ text: String) { #expect(RBDImage(text) == nil) }

    /// A URL as it may come, and as it is written here.
    @Test(arguments: [
        ("rbd://h/one/one-7", "rbd://h/one/one-7"),
        ("rbd://u@h/one/one-7@s?CEPH_USER=a", "rbd://u@h/one/one-7@s?CEPH_USER=a"),
        (
            "rbd://[::1]/p/i?CEPH_CONF=/etc/my ceph/c&CEPH_USER=a",
            "rbd://[::1]/p/i?CEPH_USER=a&CEPH_CONF=/etc/my%20ceph/c"
        ),
        ("rbd://h/p/i%3A1%40s?CEPH_KEY=%2Fk%26%3d%25&CEPH_USER=", "rbd://h/p/i%3A1@s?CEPH_KEY=/k%26%3D%25"),
        ("rbd://h/p/100%?CEPH_KEY=a%zz", "rbd://h/p/100%25?CEPH_KEY=a%25zz"),
    ])
    func locations(_ url: String, _ written: String) throws {
        let location = try RBDLocation(Location(url))
        #expect(location.url == written)
        #expect(try RBDLocation(Location(written)) == location)
    }

    /// What rbd has said, and what is made of it.
    @Test(arguments: [
        (
            "rbd: error opening pool 'x': (2) No such file or directory\trbd: listing images failed: (2) No such file",
            "error opening pool 'x': (2) No such file or directory", "POOL_NAME"
        ),
        (
            "2026-11-26T14:08:24.863+0000 7fb0bb0a8380 -1 auth: failed to decode key 'AQC=='\trbd: couldn't connect",
            "the file that CEPH_KEY names holds no key", "ceph auth get-key"
        ),
        (
            "2026-11-26T14:08:25.095+0000 7f179d49c380 -1 librbd: data pool x does not exist\t\trbd: create error: (2) No such file",
            "librbd: data pool x does not exist", "EC_POOL_NAME"
        ),
        ("Connection to 10.0.0.1 closed by remote host.", "the connection to the host broke", "the network"),
        ("client_loop: send disconnect: Broken pipe", "the connection to the host broke", "the network"),
        (
            "client_loop: ssh_packet_write_poll: Connection to 10.0.0.1 port 22: Broken pipe",
            "the connection to the host broke", "the network"
        ),
        (
            "packet_write_wait: Connection to 10.0.0.1 port 22: Broken pipe", "the connection to the host broke",
            "the network"
        ),
        (
            "ssh_dispatch_run_fatal: Connection to 10.0.0.1 port 22: message authentication code incorrect",
            "the connection to the host broke", "the network"
        ),
        (
            "Read from remote host 10.0.0.1: Connection timed out", "the connection to the host broke", "the network"
        ),
        ("Timeout, server 10.0.0.1 not responding.", "the connection to the host broke", "the network"),
        ("something else\t", "something else", "by hand"), ("", "rbd says no reason", "by hand"),
    ])
    func problems(_ lines: String, _ cause: String, _ remedy: String) {
        let problem = RBDProblem(lines)
        #expect(problem.cause == cause && problem.remedy.contains(remedy))
    }

    @Test(
        arguments: [
            ("100", "10", "0", 100), ("100", "10", "50", 40), ("100", "60", "50", 0), ("30", "10", "50", 30),
            ("-1", "1", "0", nil),
            ("99999999999999999999", "1", "0", nil), ("18446744073709551615", "18446744073709551615", "1", 0),
        ] as [(String, String, String, UInt64?)])
    func room(_ free: String, _ stored: String, _ quota: String, _ available: UInt64?) {
        let json = """
            {"pools": [{"name": "other"}, {"name": "p", "stats": {"max_avail": \(free), "stored": \(stored), "quota_bytes": \
            \(quota)}}]}
            """
        let words = json.split(separator: " ").map(String.init)
        #expect(CephSpace(words, pool: "p")?.available == available)
        #expect(CephSpace(words, pool: "none") == nil && CephSpace([], pool: "p") == nil)
    }

    @Test func signatures() {
        func head(_ text: String, at offset: Int = 0) -> [UInt8] {
            [UInt8](repeating: 0, count: offset) + Array(text.utf8)
        }
        for text in ["QFI\u{FB}", "KDMV", "# Disk DescriptorFile", "conectix"] {
            #expect(ImageSignature.isNotRaw(text.unicodeScalars.map { UInt8($0.value) }))
        }
        #expect(
            !ImageSignature.isNotRaw([]) && !ImageSignature.isNotRaw(head("LUKS"))
                && !ImageSignature.isNotRaw(head("QFI")))
        func archive(_ name: String) -> [UInt8] { head(name) + head("ustar", at: 257 - name.utf8.count) }
        for name in ["disk.0.rbd2", "./disk.1.rbd2", "disk.0.1.rbdiff"] {
            #expect(ImageSignature.isCephBackup(archive(name)))
        }
        func entry(_ name: String, _ type: String, _ length: String, data: Int = 0) -> [UInt8] {
            let fields = [(0, name), (124, length), (156, type), (257, "ustar")]
            var block = [UInt8](repeating: 0, count: 512 + data)
            for (offset, text) in fields { block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
            return block
        }
        let folder = entry("./", "5", "00000000000")
        let attributes = entry("./PaxHeaders/.", "x", "00000000132", data: 512)
        for before in [folder, attributes + folder, attributes + folder + attributes] {
            #expect(ImageSignature.isCephBackup(before + archive("./disk.0.rbd2")))
            #expect(!ImageSignature.isCephBackup(before + archive("./other")) && !ImageSignature.isCephBackup(before))
        }
        for length in ["77777777777", "-1", "z", ""] {
            #expect(!ImageSignature.isCephBackup(entry("./", "5", length) + [0]))
        }
        for name in ["disk.0", "xdisk.0.rbd2", "a/disk.0.rbd2"] { #expect(!ImageSignature.isCephBackup(archive(name))) }
        #expect(!ImageSignature.isCephBackup(head("disk.0.rbd2")))
    }
}
