import DriverProtocol
import Posix
import TestSupport
import Testing

@testable import OneMarket

/// `monitor` of driver x after an installation.
private let installedLauncher: String =
    "#!/bin/sh\nexec '/lib/$(a) b/market-drivers' market/x/monitor \"$@\" # message on stdin\n"

@Suite struct LaunchTests {
    private func driver(_ head: String) throws -> (Driver, TemporaryDirectory) {
        let remotes = try TemporaryDirectory()
        _ = try remotes.makeDirectory("market/x")
        try remotes.write("market/x/monitor", head.utf8, mode: 0o755)
        return (try Driver("market/x/monitor", remotes: remotes.path), remotes)
    }

    @Test("a driver that reads standard input says so at its beginning")
    func marker() throws {
        let launcher = "#!/bin/sh\nexec \"$(dirname \"$0\")/../lib/market-x-monitor\" \"$@\" # message on stdin\n"
        #expect(try driver(launcher).0.readsStandardInput)
        #expect(try driver(String(repeating: "#", count: 494) + "# message on stdin").0.readsStandardInput)
        #expect(try !driver(String(repeating: "#", count: 495) + "# message on stdin").0.readsStandardInput)
        #expect(try !driver("").0.readsStandardInput)
    }

    @Test("a launcher of install.sh is run as the program that it names")
    func launcher() throws {
        let driver = try driver(installedLauncher).0
        #expect(driver.command == ["/lib/$(a) b/market-drivers", "market/x/monitor"])
        #expect(driver.readsStandardInput)
        let launch = try Launch(market: driver, id: 7, message: [65], environment: [])
        #expect(launch.arguments == driver.command + ["7"])
        #expect(Launch(datastore: driver, id: 7, message: [65], environment: []).arguments == launch.arguments)
    }

    @Test(
        "any other script runs itself",
        arguments: [
            ("", ""), (" stdin\n", " stdin"), ("# message on stdin\n", ""), ("/sh\n", "/bash\n"),
            ("exec", "set -x\nexec"), ("exec", "exec "), ("'/lib", "'lib"), ("'/lib/$(a) b/market-drivers'", "''"),
            ("monitor", "import"), ("market/x/", "market/y/"), (" \"$@\"", ""), ("stdin\n", "stdin\nexit 0\n"),
            // quoted in another manner: for sh alone
            ("'/lib/$(a) b/", "\"/lib\"/'"), (" b/", " b'\\''s/"), (" b/", "\0/"),
            // perhaps longer than what is read of it
            (" b/", String(repeating: "b", count: 512 + 2 - installedLauncher.utf8.count) + "/"),
        ])
    func ownScript(part: String, replacement: String) throws {
        let script = part.isEmpty ? "" : installedLauncher.replacing(part, with: replacement)
        #expect(script != installedLauncher)
        let (driver, remotes) = try driver(script)
        #expect(driver.command == [remotes.path("market/x/monitor")])
    }

    @Test("the message goes to standard input, or into the first argument")
    func arguments() throws {
        let (modern, modernRemotes) = try driver("# message on stdin")
        let (old, oldRemotes) = try driver("#!/usr/bin/env ruby")
        let message = Array("QUJD".utf8)
        let first = try Launch(market: modern, id: 7, message: message, environment: [])
        #expect(first.arguments == [modernRemotes.path("market/x/monitor"), "7"])
        #expect(first.input == message)
        let second = try Launch(market: old, id: 7, message: message, environment: [])
        #expect(second.arguments == [oldRemotes.path("market/x/monitor"), "QUJD", "7"])
        #expect(second.input.isEmpty)
        let third = Launch(datastore: old, id: 7, message: message, environment: [])
        #expect(third.arguments.dropFirst() == ["7"])
        #expect(third.input == message)
    }

    @Test("a message that no argument can hold is refused with the remedy")
    func tooLong() throws {
        let (old, _) = try driver("#!/bin/sh")
        let longest = [UInt8](repeating: UInt8(ascii: "A"), count: 131_071)
        #expect(try Launch(market: old, id: 7, message: longest, environment: []).arguments.count == 3)
        let error = #expect(throws: DriverError.self) {
            try Launch(market: old, id: 7, message: longest + [65], environment: [])
        }
        #expect(error?.description.contains("MAX_ARG_STRLEN") == true)
        #expect(error?.description.contains("# message on stdin") == true)
    }

    @Test("a driver that cannot be run is told with its path")
    func missing() throws {
        let remotes = try TemporaryDirectory()
        _ = try remotes.makeDirectory("market/x/delete")
        try remotes.write("market/x/import", "#!/bin/sh".utf8, mode: 0o644)
        for (action, cause) in [
            ("monitor", "No such file or directory; install that driver"), ("delete", "Is a directory"),
            ("import", "Permission denied"),
        ] {
            let error = #expect(throws: DriverError.self) { try Driver("market/x/\(action)", remotes: remotes.path) }
            #expect(error?.description.contains("\(remotes.path)/market/x/\(action): \(cause)") == true)
        }
    }

    @Test("actions inherit the environment, and get the proxy and the manager's process id")
    func environment() throws {
        let inherited = ["A=1", "http_proxy=old", "MARKET_DRIVERS_MD5=import", "MARKET_DRIVERS_MAD_PID=1", "B=x=y"]
        let plain = Environment(inherited: inherited, proxy: nil, processID: 9).common
        #expect(plain == ["A=1", "http_proxy=old", "B=x=y", "MARKET_DRIVERS_MAD_PID=9"])
        let proxied = Environment(inherited: inherited, proxy: "http://p", processID: 9)
        #expect(
            proxied.common == [
                "A=1", "B=x=y", "HTTPS_PROXY=http://p", "HTTP_PROXY=http://p", "MARKET_DRIVERS_MAD_PID=9",
                "http_proxy=http://p", "https_proxy=http://p",
            ])
        #expect(proxied.forExport(before: try driver("# message on stdin").0).last == "MARKET_DRIVERS_MD5=import")
        #expect(proxied.forExport(before: try driver("#!/bin/sh").0) == proxied.common)
    }

    @Test("a dispose command is run without a shell")
    func dispose() {
        let launch = Launch(disposeCommand: "rm -f '/tmp/a b;c' \"$HOME\"", environment: ["A=1"])
        #expect(launch?.arguments == ["rm", "-f", "/tmp/a b;c", "$HOME"])
        #expect(launch?.environment == ["A=1"])
        #expect(Launch(disposeCommand: "  ", environment: []) == nil)
    }
}
