import Glibc

/// Seconds of a clock that nobody sets: clock_gettime(2) with CLOCK_MONOTONIC.
package enum Clock {
    package static var now: Double { seconds(CLOCK_MONOTONIC) }
}

/// Seconds since the epoch: clock_gettime(2) with CLOCK_REALTIME.
package enum WallClock {
    package static var now: Double { seconds(CLOCK_REALTIME) }
}

func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Sleeps until `deadline` of the ``Clock``. Throws ``Interrupted`` if a signal asks this process to end.
package func sleep(until deadline: Double) throws(Interrupted) {
    while true {
        try Interrupt.check()
        let rest = deadline - Clock.now
        guard rest > 0 else { return }
        var entry = pollfd(fd: Interrupt.descriptor, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, Int32(min(rest * 1000 + 1, 3_600_000)))
    }
}
