import CPosix
import Glibc

/// What a process asks about itself and settles for itself, before it does anything else.

/// Opens /dev/null as each of the standard streams that is closed, so that no file opened later takes its number.
/// Answers the numbers that were closed.
@discardableResult
package func openStandardStreams() -> [Int32] {
    let closed = (0...2).filter { cposix_fcntl($0, F_GETFD, 0) < 0 }
    // open(2) takes the lowest number that is free.
    for _ in closed { _ = cposix_open("/dev/null", O_RDWR, 0) }
    return closed
}

/// Undoes what the parent process may have left behind: oned blocks signals before it starts a driver, and the end of a
/// child cannot be waited for where SIGCHLD is ignored.
package func resetInheritedSignals() {
    signal(SIGCHLD, SIG_DFL)
    var none = sigset_t()
    sigemptyset(&none)
    sigprocmask(SIG_SETMASK, &none, nil)
}

/// This process's environment, as `NAME=value` strings: environ(7).
package func environmentStrings() -> [String] {
    var strings: [String] = []
    var next = cposix_environment()
    while let entry = next?.pointee {
        strings.append(String(cString: entry))
        next = next?.advanced(by: 1)
    }
    return strings
}

/// Asks for SIGTERM when the parent process dies, where that is `parent`: prctl(2) with PR_SET_PDEATHSIG. Whether that
/// holds.
@discardableResult
package func endWithParent(_ parent: pid_t) -> Bool {
    guard getppid() == parent, cposix_set_parent_death_signal(SIGTERM) == 0 else { return false }
    // It may have died before the call, and nobody would tell.
    if getppid() != parent { raise(SIGTERM) }
    return true
}

/// When this process was begun, in seconds since the epoch, and up to 10 ms early: proc(5), `starttime`. Nil where that is
/// not known.
package func processStart() -> Double? {
    guard let file = try? FileDescriptor.open("/proc/self/stat", O_RDONLY),
        let bytes = try? file.readToEnd(limit: 4096),
        // The program's name, in parentheses, may hold anything: the rest begins with the third field.
        let rest = String(decoding: bytes, as: UTF8.self).split(separator: ")").last
    else { return nil }
    let fields = rest.split(separator: " ")
    guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
    return WallClock.now - (seconds(CLOCK_BOOTTIME) - ticks / Double(sysconf(Int32(_SC_CLK_TCK))))
}

/// Replaces this process by another program, with the same environment: execv(2). Signals are as they were before
/// ``Interrupt/install()``.
///
/// - Parameter input: what it reads from standard input; nil leaves it this process's.
package func becomeProgram(_ arguments: [String], input: [UInt8]? = nil) throws(SystemError) -> Never {
    let path = arguments[0]
    if let input {
        let file = FileDescriptor(try retrying("memfd_create", path) { cposix_memory_file("input") }, name: path)
        try file.writeAll(input)
        try retrying("lseek", path) { lseek(file.number, 0, SEEK_SET) }
        try retrying("dup2", path) { dup2(file.number, STDIN_FILENO) }
    }
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_DFL) }
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    execv(path, &words)
    throw SystemError("execv", path)
}
