import Posix
import Testing

@Suite struct ThreadTests {
    @Test func aMonitorWakesThoseWhoWait() {
        let turn = Locked(0)
        let threads = (0..<4).map { number in
            Thread {
                for round in 0..<100 {
                    turn.wait { (value: inout Int) -> Void? in
                        guard value == round * 4 + number else { return nil }
                        value += 1
                        return ()
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(turn.update { $0 } == 400)
    }
}
