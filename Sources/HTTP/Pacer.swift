import Posix

/// Holds a stream of bytes down to a rate. CURLOPT_MAX_RECV_SPEED_LARGE would let megabytes through before it begins to
/// look: see curl's issue 2371.
package struct Pacer {
    /// Seconds of silence that may be made up for at full speed.
    private static let credit = 1.0

    let rate: Double
    /// The time of the ``Clock`` at which the bytes so far should have arrived.
    private var due = Clock.now

    package init(rate: UInt64) {
        self.rate = Double(max(rate, 1))
    }

    mutating func count(_ bytes: Int) {
        due = max(due, Clock.now - Self.credit) + Double(bytes) / rate
    }

    /// Seconds to wait before the next bytes.
    var delay: Double { due - Clock.now }

    /// Counts bytes that have come, and waits as long as their rate requires. `goOn` ends the wait by returning false.
    package mutating func pause(after bytes: Int, goOn: () -> Bool) throws(Interrupted) {
        count(bytes)
        let end = due
        while goOn(), Clock.now < end { try sleep(until: min(end, Clock.now + 0.1)) }
    }
}
