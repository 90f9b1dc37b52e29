import Glibc
import Posix
import Testing

/// Each in a process of its own, since a signal is meant for the whole process.
@Suite struct InterruptTests {
    @Test func aSignalIsAFlagAndEndsWaiting() async {
        await #expect(processExitsWith: .exitCode(42)) {
            Interrupt.install()
            precondition(!Interrupt.isRequested)
            let sender = Thread {
                usleep(200_000)
                kill(getpid(), SIGTERM)
            }
            let start = Clock.now
            do throws(Interrupted) {
                try sleep(until: start + 60)
            } catch {
                precondition(error == Interrupted(signal: SIGTERM) && Interrupt.isRequested)
                precondition(Clock.now - start < 30)
                sender.join()
                exit(42)
            }
        }
    }

    @Test func aSignalEndsReadingAndCommands() async {
        await #expect(processExitsWith: .exitCode(42)) {
            Interrupt.install()
            let pipe = try Pipe()
            let sender = Thread {
                usleep(200_000)
                kill(getpid(), SIGINT)
            }
            do {
                _ = try pipe.reading.readToEndWaiting(limit: 10)
            } catch let interrupted as Interrupted {
                precondition(interrupted.signal == SIGINT)
                sender.join()
            }
            do {
                _ = try Command(["sleep", "60"]).run()
            } catch is Interrupted {
                let result = try Command(["true"]).run(interruptible: false)
                precondition(result.status.isSuccess)
                exit(42)
            }
        }
    }
}
