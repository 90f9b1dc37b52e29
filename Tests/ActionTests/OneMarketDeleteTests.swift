import DriverProtocol
import Glibc
import Posix
import TestSupport
import Testing

/// DELETE of an app whose IMPORT waits, runs, or has just been answered: oned cancels nothing, and sends no SOURCE.
@Suite struct OneMarketDeleteTests {
    private static let modern = OneMarketRig.onStandardInput
    private static let export = "cat <<'END'\n\(OneMarketRig.importInfo())\nEND\n"
    /// A driver that writes its process id, and waits to be ended.
    private static let waiting = "echo $$ > \"$ONE_LOCATION/pid\"\nexec sleep 60\n"
    /// One that has published when it is told to end.
    private static let publishing =
        "trap 'GO=1' TERM\necho $$ > \"$ONE_LOCATION/pid\"\nuntil [ \"$GO\" ]; do sleep 0.02; done\n" + answering
    private static let answering = "cat <<'END'\n\(OneMarketRig.imported)END\n"
    private static let deleting = modern + OneMarketRig.record

    private static func drivers(
        export: String = export, import: String, delete: String = deleting
    ) -> [String: String] {
        ["datastore/fs/export": export, "market/http/import": modern + `import`, "market/http/delete": delete]
    }

    private static let wasEnded = "was ended, because its app was deleted"

    /// Returns the SOURCE in the message of the delete driver, or nil if it has not run.
    private func deletedSource(_ rig: OneMarketRig) throws -> String? {
        guard try rig.location.names().contains("market-http-delete.input") else { return nil }
        let message = try Message(text: Array(rig.file("market-http-delete.input").utf8))
        return message.value("MARKETPLACEAPP/SOURCE") ?? ""
    }

    @Test("the import is ended, answered first, and the delete driver sees to what it may have left")
    func importAtWork() throws {
        let rig = try OneMarketRig(drivers: Self.drivers(import: Self.waiting))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        let pid = try rig.awaitFile("pid")
        try rig.send("DELETE", 7, OneMarketRig.message())
        #expect(try rig.answer() == "IMPORT FAILURE 7 app 7: market/http/import \(Self.wasEnded)")
        #expect(!OneMarketRig.isAlive(pid))
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
        #expect(rig.logs == ["LOG I 7 app 7: IMPORT: its app is deleted, it is being ended"])
        #expect(try deletedSource(rig) == "")
    }

    @Test("what is left of the import's process group is gone before the deletion begins")
    func groupOfTheImport() throws {
        let rig = try OneMarketRig(
            drivers: Self.drivers(
                import:
                    "(trap '' TERM; echo \"$(exec sh -c 'echo $PPID')\" > \"$ONE_LOCATION/grandchild\"; "
                    + "while :; do sleep 0.1; done) &\n" + Self.waiting,
                delete: Self.deleting
                    // A process that nobody reaps is no process any more.
                    + "! grep -q '^State:.[^ZX]' \"/proc/$(cat \"$ONE_LOCATION/grandchild\")/status\"\n"))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        _ = (try rig.awaitFile("pid"), try rig.awaitFile("grandchild"))
        try rig.send("DELETE", 7, OneMarketRig.message())
        #expect(try rig.answer() == "IMPORT FAILURE 7 app 7: market/http/import \(Self.wasEnded)")
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
    }

    @Test("the first step is ended, too, and what it leaves behind removed before the deletion begins")
    func exportAtWork() throws {
        let leaving =
            "trap 'GO=1' TERM\ntouch \"$ONE_LOCATION/left\"\necho $$ > \"$ONE_LOCATION/pid\"\n"
            + "until [ \"$GO\" ]; do sleep 0.02; done\ncat <<END\n"
            + OneMarketRig.importInfo(
                "<DISPOSE>YES</DISPOSE><DISPOSE_CMD>rm $ONE_LOCATION/left</DISPOSE_CMD>") + "\nEND\n"
        let rig = try OneMarketRig(
            drivers: Self.drivers(
                export: leaving, import: OneMarketRig.record,
                delete: Self.deleting + "test ! -e \"$ONE_LOCATION/left\"\n"))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        _ = try rig.awaitFile("pid")
        try rig.send("DELETE", 7, OneMarketRig.message())
        #expect(try rig.answer() == "IMPORT FAILURE 7 app 7: datastore/fs/export \(Self.wasEnded)")
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
        #expect(try !rig.location.names().contains("market-http-import.arguments"))
    }

    @Test("an import that had published all the same is told to the delete driver by its SOURCE")
    func importThatFinishes() throws {
        let rig = try OneMarketRig(drivers: Self.drivers(import: Self.publishing))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        _ = try rig.awaitFile("pid")
        try rig.send("DELETE", 7, OneMarketRig.message())
        #expect(try rig.answer() == "IMPORT FAILURE 7 app 7: market/http/import \(Self.wasEnded)")
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
        #expect(try deletedSource(rig) == "s")
        #expect(rig.logs.last == "LOG I 7 app 7: DELETE: the app's import had published its image, which is removed")
    }

    @Test("a DELETE that has crossed the import's answer gets the SOURCE of that, once")
    func crossing() throws {
        let rig = try OneMarketRig(drivers: Self.drivers(import: Self.answering))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        #expect(try rig.success() == OneMarketRig.imported)
        for expected in ["s", ""] {
            try rig.send("DELETE", 7, OneMarketRig.message())
            #expect(try rig.answer() == "DELETE SUCCESS 7 -")
            #expect(try deletedSource(rig) == expected)
        }
        try rig.send("DELETE", 7, OneMarketRig.message())
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
    }

    @Test("a DELETE that has a SOURCE keeps it")
    func ownSource() throws {
        let rig = try OneMarketRig(drivers: Self.drivers(import: Self.answering))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        #expect(try rig.success() == OneMarketRig.imported)
        let message = OneMarketRig.message().replacing(
            "<ID>1</ID><TYPE>", with: "<SOURCE>mine</SOURCE><ID>1</ID><TYPE>")
        try rig.send("DELETE", 7, message)
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
        #expect(try deletedSource(rig) == "mine")
    }

    @Test("an import that waits is dropped, and the DELETE has its place; those of other apps are left alone")
    func waitingImport() throws {
        let publishing = Self.publishing.replacing("/pid", with: "/pid-$1")
        let rig = try OneMarketRig(["-t 1"], drivers: Self.drivers(import: publishing))
        for id in 7...9 { try rig.send("IMPORT", id, OneMarketRig.message()) }
        let pid = try rig.awaitFile("pid-7")
        try rig.send("DELETE", 8, OneMarketRig.message())
        #expect(try rig.answer() == "IMPORT FAILURE 8 app 8: IMPORT was not begun, because its app was deleted")
        kill(pid_t(pid)!, SIGTERM)
        #expect(try rig.success() == OneMarketRig.imported)
        #expect(try rig.answer() == "DELETE SUCCESS 8 -")
        #expect(try deletedSource(rig) == "")
        kill(pid_t(try rig.awaitFile("pid-9"))!, SIGTERM)
        #expect(try rig.success() == OneMarketRig.imported)
    }

    @Test("the DELETE has the place of the import that it ends, before all that waits")
    func place() throws {
        let rig = try OneMarketRig(["-t 1"], drivers: Self.drivers(import: Self.waiting))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        _ = try rig.awaitFile("pid")
        for id in 8...10 { try rig.send("IMPORT", id, OneMarketRig.message()) }
        try rig.send("DELETE", 7, OneMarketRig.message())
        #expect(try rig.answer() == "IMPORT FAILURE 7 app 7: market/http/import \(Self.wasEnded)")
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
        try rig.send("FINALIZE")
        let answers = try (0..<4).map { _ in try rig.answer() }
        #expect(answers.last == "END")
        #expect(answers.dropLast().allSatisfy { $0.hasPrefix("IMPORT FAILURE ") })
    }

    @Test("a driver of others is given no app without SOURCE whose import was ended")
    func thirdParty() throws {
        let rig = try OneMarketRig(
            drivers: Self.drivers(import: Self.waiting, delete: OneMarketRig.record + "exit 1\n"))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        _ = try rig.awaitFile("pid")
        try rig.send("DELETE", 7, OneMarketRig.message())
        #expect(try rig.answer() == "IMPORT FAILURE 7 app 7: market/http/import \(Self.wasEnded)")
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
        #expect(
            rig.logs.last
                == "LOG I 7 app 7: DELETE: nothing to delete, the app's import was ended before it had published")
        #expect(try !rig.location.names().contains("market-http-delete.arguments"))
    }

    @Test("a driver of others is told the SOURCE, too")
    func thirdPartyPublished() throws {
        let rig = try OneMarketRig(drivers: Self.drivers(import: Self.publishing, delete: OneMarketRig.record))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        _ = try rig.awaitFile("pid")
        try rig.send("DELETE", 7, OneMarketRig.message())
        #expect(try rig.answer().hasPrefix("IMPORT FAILURE 7 "))
        #expect(try rig.answer() == "DELETE SUCCESS 7 -")
        let argument = try #require(try rig.file("market-http-delete.arguments").split(separator: "\n").first)
        #expect(try Message(text: Array(argument.utf8)).value("MARKETPLACEAPP/SOURCE") == "s")
    }

    @Test(
        "at the end of one_market a DELETE that waits for its import is answered, too", arguments: ["EOF", "FINALIZE"])
    func ending(by: String) throws {
        let rig = try OneMarketRig(
            drivers: Self.drivers(import: "trap '' TERM\necho $$ > \"$ONE_LOCATION/pid\"\nsleep 60\nsleep 60\n"))
        try rig.send("IMPORT", 7, OneMarketRig.message())
        _ = try rig.awaitFile("pid")
        try rig.send("DELETE", 7, OneMarketRig.message())
        if by == "EOF" { rig.child.closeInput() } else { try rig.send("FINALIZE") }
        let answers = try (0..<3).map { _ in try rig.answer() }
        #expect(
            answers == [
                "DELETE FAILURE 7 app 7: DELETE was not begun, because one_market was told to end; remove what is left of "
                    + "the app by hand",
                "IMPORT FAILURE 7 app 7: market/http/import \(Self.wasEnded)", "END",
            ])
        #expect(try rig.end() == .exited(0))
    }
}
