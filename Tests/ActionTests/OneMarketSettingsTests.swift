import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// `etc/defaultrc` and `etc/mad/one_market`, as used by oned's own drivers.
@Suite struct OneMarketSettingsTests {
    private static let showing =
        OneMarketRig.onStandardInput + """
            cat > /dev/null
            env > "$ONE_LOCATION/environment"
            nice > "$ONE_LOCATION/nice"
            ulimit -c > "$ONE_LOCATION/core"
            echo A=1

            """

    /// Starts a driver manager with these files. Returns the environment and limits that its action has found.
    private func start(
        defaultrc: String? = nil, own: String? = nil, _ arguments: [String] = ["-m http"],
        environment: [String: String] = [:], through wrapper: [String] = []
    ) throws -> OneMarketRig {
        let location = try TemporaryDirectory()
        _ = try location.makeDirectory("etc/mad")
        if let defaultrc { try location.write("etc/defaultrc", defaultrc.utf8) }
        if let own { try location.write("etc/mad/one_market", own.utf8) }
        var clean = environment
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy", "PRIORITY", "ONE_MAD_DEBUG"]
        where clean[name] == nil { clean[name] = "" }
        let rig = try OneMarketRig(
            arguments, drivers: ["market/http/monitor": Self.showing], environment: clean, through: wrapper,
            in: location)
        try rig.send("MONITOR", 100, OneMarketRig.message())
        #expect(try rig.success() == "A=1\n")
        return rig
    }

    private func value(_ name: String, _ rig: OneMarketRig) throws -> String? {
        try rig.file("environment").split(separator: "\n").last { $0.hasPrefix(name + "=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    @Test func theActionsGetTheVariablesAndTheDriversOwnFileGoesFirst() throws {
        let rig = try start(
            defaultrc: "A='of all'\nexport B=\"of all\"\nLANG=of-all\n", own: "B=own\n", environment: ["A": "inherited"]
        )
        #expect(try value("A", rig) == "of all")
        #expect(try value("B", rig) == "own")
        #expect(try value("LANG", rig) == "of-all")
        #expect(rig.logs == [])
    }

    @Test func nothingIsRunAndEachFileIsComplainedOfOnce() throws {
        let rig = try start(
            defaultrc: "A=$(touch \"$ONE_LOCATION/ran\")\nB=`touch $ONE_LOCATION/ran`s3cr3t\nC=1\n",
            own: "touch \"$ONE_LOCATION/ran\"\n")
        #expect(try !rig.location.names().contains("ran"))
        #expect(try value("A", rig) == nil)
        #expect(try value("C", rig) == "1")
        let (all, own) = (rig.location.path("etc/defaultrc"), rig.location.path("etc/mad/one_market"))
        try #require(rig.logs.count == 2)
        #expect(rig.logs[0].hasPrefix("LOG W -1 one_market: \(all) is read, not run: line 1, 2 is skipped"))
        #expect(rig.logs[1].hasPrefix("LOG W -1 one_market: \(own) is read, not run: line 1 is skipped"))
        #expect(!rig.logs.joined().contains("s3cr3t"))
    }

    @Test func aFileThatCannotBeReadIsComplainedOf() throws {
        let location = try TemporaryDirectory()
        _ = try location.makeDirectory("etc/defaultrc")
        let rig = try OneMarketRig(["-m http"], drivers: ["market/http/monitor": Self.showing], in: location)
        try rig.send("MONITOR", 100, OneMarketRig.message())
        #expect(try rig.success() == "A=1\n")
        #expect(rig.logs.first?.contains("Cannot read \(location.path("etc/defaultrc")): Is a directory") == true)
    }

    /// The niceness that it adds to that of this process; nil: as without a file.
    private static let priorities: [(file: String?, adds: Int?, warning: String?)] = [
        (nil, 0, nil), ("PRIORITY=3\n", 3, nil), ("PRIORITY=\"7\"\n", 7, nil), ("A=1\n", 19, nil),
        ("PRIORITY=\n", 19, nil),
        ("PRIORITY=400\n", 19, nil), ("PRIORITY=99999999999999999999\n", 19, "is no number"),
        ("PRIORITY=low\n", 19, "PRIORITY=low is no number"),
    ]

    @Test(arguments: priorities) func theNicenessIsThatOfPRIORITY(file: String?, adds: Int?, warning: String?) throws {
        let own = Int(try run(["nice"]).output.trimmingCharacters(in: .newlines)) ?? 0
        let rig = try start(defaultrc: file)
        #expect(try rig.file("nice") == "\(min(19, own + (adds ?? 0)))\n")
        #expect(rig.logs.count == (warning == nil ? 0 : 1))
        #expect(rig.logs.first?.contains(warning ?? "") != false)
    }

    @Test func withDebuggingErrorsGoToALogAndCoresAreKept() throws {
        let rig = try start(
            defaultrc: "ONE_MAD_DEBUG=1\nPRIORITY=0\n", through: ["sh", "-c", "exec \"$@\" 2>&-", "sh"])
        let log = rig.location.path("var/one_market.log")
        #expect(try resolvedPath("/proc/\(rig.child.pid)/fd/2") == log)
        #expect(try rig.file("core") == "\(min(30_000, Self.hardCoreLimit))\n")
        let quiet = try start(defaultrc: "ONE_MAD_DEBUG=\nPRIORITY=0\n")
        #expect(try !quiet.location.names(in: "var").contains("one_market.log"))
    }

    /// In blocks of 512 bytes, as counted by `ulimit -c` of sh.
    private static var hardCoreLimit: Int {
        let text = try? run(["sh", "-c", "ulimit -H -c"]).output.trimmingCharacters(in: .newlines)
        return text.flatMap { Int($0) } ?? .max
    }

    /// The place where a proxy is set, and the action's `http_proxy`.
    private static let proxies: [(file: String, environment: [String: String], arguments: [String], found: String)] = [
        ("http_proxy=http://file:1\n", [:], ["-m http"], "http://file:1"),
        ("http_proxy=http://file:1\n", ["http_proxy": "http://inherited:1"], ["-m http"], "http://file:1"),
        ("HTTP_PROXY=http://file:1\n", [:], ["-m http"], "http://file:1"),
        ("HTTP_PROXY=http://file:1\nhttp_proxy=http://lower:1\n", [:], ["-m http"], "http://lower:1"),
        ("HTTP_PROXY=http://file:1\n", ["http_proxy": "http://inherited:1"], ["-m http"], "http://file:1"),
        ("HTTP_PROXY=\n", ["http_proxy": "http://inherited:1"], ["-m http"], "http://inherited:1"),
        ("http_proxy=http://file:1\n", [:], ["-m http -p http://option:1"], "http://option:1"),
        ("HTTP_PROXY=http://file:1\n", [:], ["-m http -p http://option:1"], "http://option:1"),
        ("", ["HTTP_PROXY": "http://inherited:1"], ["-m http"], "http://inherited:1"),
    ]

    @Test(arguments: proxies) func theNearestProxyCounts(
        file: String, environment: [String: String], arguments: [String], found: String
    ) throws {
        let rig = try start(defaultrc: file + "PRIORITY=0\n", arguments, environment: environment)
        #expect(try value("http_proxy", rig) == found)
    }

    @Test func capitalsCountForTheOthersToo() throws {
        let rig = try start(
            defaultrc: "HTTPS_PROXY=http://a:1\nALL_PROXY=http://b:1\nNO_PROXY=c,d\nPRIORITY=0\n")
        #expect(try value("https_proxy", rig) == "http://a:1")
        #expect(try value("all_proxy", rig) == "http://b:1")
        #expect(try value("no_proxy", rig) == "c,d")
    }

    @Test func aProxysPasswordStaysOutOfTheLog() throws {
        let location = try TemporaryDirectory()
        _ = try location.makeDirectory("etc")
        try location.write("etc/defaultrc", "PRIORITY=0\nHTTPS_PROXY=user:s3cr3t-of-it@proxy:1\n".utf8)
        let rig = try OneMarketRig(
            ["-m http"],
            drivers: [
                "market/http/monitor": OneMarketRig.onStandardInput + "echo \"$https_proxy $(cat)\" >&2; exit 1\n"
            ],
            in: location)
        let template = "<PROXY>me:0ther-s3cr3t@proxy:1</PROXY>"
        try rig.send("MONITOR", 100, OneMarketRig.message(template: template))
        let answer = try rig.answer()
        #expect(answer.contains("user:[redacted]@proxy:1"))
        #expect(!answer.contains("s3cr3t"))
    }
}
