import DriverProtocol
import Foundation
import TestSupport
import Testing

/// `datastore/downloader.sh` as the stock scripts call it: recorded under oned 7.5.80.
@Suite struct DownloaderCallTests {
    private let rig: DownloaderRig

    init() throws {
        rig = try DownloaderRig()
    }

    /// The arguments, of which SRC is a path or a URL and DST a path, and whether there is a message in DRV_ACTION.
    static let calls = [
        // fs/cp: to a file of the datastore, or through a bridge host
        ("SRC DST", true), ("SRC -", true), ("--md5 MD5 SRC DST", true), ("--sha1 SHA1 SRC DST", true),
        // ceph/cp and lvm/cp
        ("--nodecomp SRC -", true), ("--md5 MD5 --nodecomp SRC -", true), ("--nodecomp SRC DST", true),
        // stat of all datastores
        ("-c 65536 SRC -", false), ("-c 50331648 SRC -", false), ("--nodecomp -c 65536 SRC -", false),
        ("--nodecomp --nodecomp -c 65536 SRC -", false),
        // restore of the transfer managers; http/import and s3/import
        ("--nodecomp SRC -", false), ("-n SRC -", false), ("-n SRC DST", false), ("SRC -", false),
    ]

    @Test(arguments: calls, ["path", "URL"]) func recordedCall(_ call: (String, Bool), _ kind: String) throws {
        let (arguments, hasMessage) = call
        let plain = try rig.directory.write("sources/an image", TestFiles.noise(200_000))
        try TestFiles.succeed(["gzip", "-k", plain])
        let packed = plain + ".gz"
        let nginx = kind == "URL" ? try Nginx(root: rig.sources) : nil
        let source = nginx?.url("/an%20image.gz") ?? packed
        let values = try [
            "SRC": "'\(source)'", "DST": "'\(rig.target)'", "MD5": TestFiles.md5(packed),
            "SHA1": String(TestFiles.succeed(["sha1sum", packed]).output.prefix(40)),
        ]
        let words = arguments.split(separator: " ").map { values[String($0)] ?? String($0) }.joined(separator: " ")
        // The callers run it in a shell that reads its script from standard input; stat collects the output in a file.
        let output = arguments.hasSuffix("-") ? rig.target : "/dev/null"
        let script = """
            set -e -o pipefail
            '\(DownloaderRig.program)' \(words) > '\(output)'
            echo "the end of the script"
            """
        let message = try DriverMessage("datastore-cp-from-app-http-qcow2").with([
            "IMAGE/PATH": source, "IMAGE/TEMPLATE/FROM_APP_MD5": TestFiles.md5(packed),
        ])
        let outcome = try run(
            ["bash", "-s"], input: script.utf8,
            environment: ["ONE_LOCATION": rig.directory.path, "LC_ALL": "C"].merging(
                hasMessage ? ["DRV_ACTION": String(decoding: message.base64, as: UTF8.self)] : [:]
            ) { $1 })
        rig.expectSuccess(outcome)
        #expect(outcome.output == "the end of the script\n")
        let isPacked = arguments.contains("-n ") || arguments.contains("--nodecomp")
        if arguments.contains("-c 65536") {
            let head = try Data(contentsOf: URL(filePath: isPacked ? packed : plain)).prefix(65536)
            try rig.expectTarget(rig.directory.write("head", head))
        } else {
            try rig.expectTarget(isPacked ? packed : plain)
        }
    }
}
