import DriverProtocol
import Glibc
import Posix
import TestSupport
import Testing

/// The end of actions that do not end by themselves, and of one_market.
@Suite struct OneMarketEndingTests {
    private static let modern = OneMarketRig.onStandardInput

    /// A driver that writes its process id and waits.
    private static let waiting = modern + "echo $$ > \"$ONE_LOCATION/pid\"\nexec sleep 60\n"
    /// One that ignores SIGTERM, and has a child in its group that does too.
    private static let stubborn =
        modern
            + """
            trap '' TERM
            (echo $$ > /dev/null; exec sleep 60) &
            echo $! > "$ONE_LOCATION/grandchild"
            echo $$ > "$ONE_LOCATION/pid"
            sleep 60
            sleep 60

            """

    @Test("a running action is cancelled, with all that it has started")
    func cancel() throws {
        let rig = try OneMarketRig(drivers: [
            "market/http/delete": Self.modern
                + "sleep 60 &\necho $! > \"$ONE_LOCATION/grandchild\"\necho $$ > \"$ONE_LOCATION/pid\"\nwait\n"
        ])
        try rig.send("DELETE", 3, OneMarketRig.message())
        let pids = [try rig.awaitFile("pid"), try rig.awaitFile("grandchild")]
        #expect(pids.allSatisfy(OneMarketRig.isAlive))
        try rig.send("DRIVER_CANCEL 3")
        #expect(
            try rig.answer()
                == "DELETE FAILURE 3 app 3: market/http/delete was cancelled; remove what is left of the app by hand")
        #expect(rig.logs == ["LOG I 3 app 3: DELETE: oned has cancelled it, it is being ended"])
        for pid in pids { #expect(OneMarketRig.ends(pid)) }
    }

    @Test("a queued request is cancelled before it begins, and the others go on")
    func cancelQueued() throws {
        let rig = try OneMarketRig(["-t 1"], drivers: ["market/http/monitor": Self.waiting])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        for id in [2, 3, 2] { try rig.send("MONITOR", id, OneMarketRig.message(market: "one")) }
        _ = try rig.awaitFile("pid")
        try rig.send("DRIVER_CANCEL  2 -")
        for _ in 0..<2 {
            #expect(
                try rig.answer()
                    == "MONITOR FAILURE 2 MONITOR was cancelled before it had begun; oned repeats it by itself"
            )
        }
        try rig.send("DRIVER_CANCEL 1")
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 1 market/http/monitor was cancelled; oned repeats it by itself")
        #expect(try rig.answer().hasPrefix("MONITOR FAILURE 3 Cannot run"))
    }

    @Test("an action that takes longer than -w is ended")
    func timeout() throws {
        let rig = try OneMarketRig(["-t 1 -w 1"], drivers: ["market/http/monitor": Self.waiting])
        let began = Clock.now
        try rig.send("MONITOR", 100, OneMarketRig.message())
        try rig.send("MONITOR", 7, OneMarketRig.message(market: "ghost"))
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 100 market/http/monitor did not end within 1 s (-w); raise -w of one_market if it needs longer"
        )
        #expect(Clock.now - began >= 1)
        // The next one was not held up for long.
        #expect(try rig.answer().hasPrefix("MONITOR FAILURE 7 Cannot run "))
        #expect(OneMarketRig.ends(try rig.awaitFile("pid")))
    }

    @Test("an action that ignores SIGTERM is killed, with all of its group")
    func stubborn() throws {
        let rig = try OneMarketRig(drivers: ["market/http/monitor": Self.stubborn])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        let pids = [try rig.awaitFile("pid"), try rig.awaitFile("grandchild")]
        let began = Clock.now
        try rig.send("DRIVER_CANCEL 1")
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 1 market/http/monitor was cancelled; oned repeats it by itself")
        #expect(Clock.now - began >= 4.5)
        for pid in pids { #expect(OneMarketRig.ends(pid)) }
    }

    @Test("what stays behind in the group of a cancelled action is killed too")
    func stubbornGrandchild() throws {
        let script =
            Self.modern
                + """
                (trap '' TERM; echo "$(exec sh -c 'echo $PPID')" > "$ONE_LOCATION/grandchild"; while :; do sleep 1; done) &
                echo $$ > "$ONE_LOCATION/pid"
                exec sleep 60

                """
        let rig = try OneMarketRig(drivers: ["market/http/monitor": script])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        _ = try rig.awaitFile("pid")
        let grandchild = try rig.awaitFile("grandchild")
        try rig.send("DRIVER_CANCEL 1")
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 1 market/http/monitor was cancelled; oned repeats it by itself")
        // The answer has not waited for it.
        #expect(OneMarketRig.isAlive(grandchild))
        #expect(OneMarketRig.ends(grandchild, within: 60))
    }

    @Test("nobody waits for a grandchild that holds the pipes, and it is left alone")
    func grandchildHoldsPipes() throws {
        let rig = try OneMarketRig(drivers: [
            "market/http/monitor": Self.modern
                + "sleep 120 &\necho $! > \"$ONE_LOCATION/grandchild\"\necho A=1\necho 'INFO: last words' >&2\n"
        ])
        let began = Clock.now
        try rig.send("MONITOR", 1, OneMarketRig.message())
        #expect(try rig.success() == "A=1\n")
        #expect(Clock.now - began < 60)
        #expect(rig.logs == ["LOG I 1 marketplace 1: last words"])
        let grandchild = try rig.awaitFile("grandchild")
        #expect(OneMarketRig.isAlive(grandchild))
        kill(pid_t(grandchild)!, SIGKILL)
    }

    @Test("an action that a signal has ended has failed, and takes its group along")
    func signalled() throws {
        let rig = try OneMarketRig(drivers: [
            "market/http/monitor": Self.modern + "sleep 60 &\necho $! > \"$ONE_LOCATION/grandchild\"\nkill -9 $$\n"
        ])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 1 market/http/monitor was ended by signal 9 (Killed) and gave no reason; run it by hand to see more"
        )
        #expect(OneMarketRig.ends(try rig.awaitFile("grandchild")))
    }

    @Test(
        "at its end nothing is left running, and every request is answered", arguments: ["EOF", "FINALIZE", "SIGTERM"])
    func end(by: String) throws {
        let rig = try OneMarketRig(
            ["-t 2"],
            drivers: [
                "market/http/monitor": Self.waiting,
                "market/http/delete": Self.stubborn.replacing("/pid", with: "/stubborn"),
            ])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        try rig.send("DELETE", 2, OneMarketRig.message())
        try rig.send("IMPORT", 3, OneMarketRig.message())
        let pids = [
            try rig.awaitFile("pid"), try rig.awaitFile("stubborn"), try rig.awaitFile("grandchild"),
        ]
        switch by {
        case "EOF": rig.child.closeInput()
        case "FINALIZE": try rig.send("FINALIZE")
        default: kill(rig.child.pid, SIGTERM)
        }
        let answers = [try rig.answer(), try rig.answer(), try rig.answer(), try rig.answer()]
        #expect(
            answers == [
                "IMPORT FAILURE 3 app 3: IMPORT was not begun, because one_market was told to end; create the app again if it is still wanted",
                "MONITOR FAILURE 1 market/http/monitor was ended, because one_market was told to end; oned repeats it by itself",
                "DELETE FAILURE 2 app 2: market/http/delete was ended, because one_market was told to end; remove what is left of the app by hand",
                "END",
            ])
        #expect(try rig.end() == .exited(0))
        for pid in pids { #expect(!OneMarketRig.isAlive(pid)) }
    }

    @Test("with nothing to do it ends at once", arguments: ["EOF", "FINALIZE"])
    func idleEnd(by: String) throws {
        let rig = try OneMarketRig()
        try rig.send("INIT")
        #expect(try rig.line() == "INIT SUCCESS - -")
        let began = Clock.now
        if by == "EOF" { rig.child.closeInput() } else { try rig.send("FINALIZE") }
        #expect(try rig.end() == .exited(0))
        #expect(Clock.now - began < 60)
    }

    @Test("it ends when its answers have no reader any more")
    func noReader() throws {
        let rig = try OneMarketRig(
            drivers: ["market/http/delete": Self.waiting], through: ["sh", "-c", "\"$@\" | head -c 17", "sh"])
        try rig.send("DELETE", 1, OneMarketRig.message())
        let pid = try rig.awaitFile("pid")
        try rig.send("INIT")
        #expect(try rig.line() == "INIT SUCCESS - -")
        try rig.send("MONITOR", 1, OneMarketRig.message(market: "ghost"))
        #expect(try rig.end() == .exited(0))
        #expect(!OneMarketRig.isAlive(pid))
    }

    @Test("signals that oned has blocked or ignored count all the same")
    func inheritedSignals() throws {
        let rig = try OneMarketRig(
            drivers: ["market/http/monitor": Self.modern + "exit 3\n"],
            through: ["env", "--block-signal=TERM", "--ignore-signal=CHLD"])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 1 market/http/monitor ended with exit status 3 and gave no reason; run it by hand to see more"
        )
        kill(rig.child.pid, SIGTERM)
        #expect(try rig.end() == .exited(0))
    }

    @Test("it ends although oned reads no more")
    func deafReader() throws {
        let rig = try OneMarketRig(drivers: [
            "market/http/monitor": Self.modern + "head -c 3000000 /dev/zero | tr '\\0' 'x' | sed 's/^/A=/'\n"
        ])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        // One piece has come: the rest waits in the process.
        #expect(try rig.read(until: Clock.now + 60) != nil)
        let began = Clock.now
        rig.child.closeInput()
        #expect(try rig.end() == .exited(0))
        #expect(Clock.now - began < 60)
    }

    @Test("when it is killed, its actions end")
    func killed() throws {
        let action = Programs.path("idle-action")
        let rig = try OneMarketRig(drivers: ["market/http/monitor": "exec '\(action)' \"$@\" # message on stdin\n"])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        let log = try #require(try rig.line())
        let pid = try #require(log.split(separator: " ").last.map(String.init))
        #expect(log == "LOG I 1 marketplace 1: market/idle/monitor: app 1: waits as process \(pid)")
        #expect(OneMarketRig.isAlive(pid))
        kill(rig.child.pid, SIGKILL)
        #expect(try rig.end() == .signalled(SIGKILL))
        #expect(OneMarketRig.ends(pid))
    }

    @Test("an action of ours that is cancelled says so itself and is gone")
    func cancelledAction() throws {
        let action = Programs.path("idle-action")
        let rig = try OneMarketRig(drivers: ["market/http/monitor": "exec '\(action)' \"$@\" # message on stdin\n"])
        try rig.send("MONITOR", 1, OneMarketRig.message())
        let pid = try #require(try rig.line()?.split(separator: " ").last.map(String.init))
        try rig.send("DRIVER_CANCEL 1")
        #expect(
            try rig.answer()
                == "MONITOR FAILURE 1 market/http/monitor was cancelled; oned repeats it by itself")
        #expect(OneMarketRig.ends(pid))
    }
}
