/// The limits of a program.
struct Limits: Sendable {
    /// Seconds from SIGTERM to SIGKILL.
    var grace = 5.0
    /// Seconds that a DISPOSE_CMD may take.
    var dispose = 60.0
    /// Seconds that oned has to read the last answers.
    var flush = 5.0
    /// Bytes on standard output.
    var output = 64 << 20
    /// Bytes of one line from oned.
    var line = 24 << 20
}
