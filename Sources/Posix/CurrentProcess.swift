import CPosix
import Glibc

/// What a process learns about itself, and changes of itself.
package enum CurrentProcess {
    /// Opens /dev/null as each standard stream that is closed, so that no file opened later takes its number. Returns
    /// the numbers that were closed.
    @discardableResult
    package static func openStandardStreams() -> [Int32] {
        let closed = (0...2).filter { cposix_fcntl($0, F_GETFD, 0) < 0 }
        // open(2) takes the lowest free number.
        for _ in closed { _ = cposix_open("/dev/null", O_RDWR, 0) }
        return closed
    }

    /// Undoes what the parent process may have left behind: oned blocks signals before it starts a driver, and a
    /// child's end cannot be waited for if SIGCHLD is ignored.
    package static func resetInheritedSignals() {
        signal(SIGCHLD, SIG_DFL)
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
    }

    /// The mode of a file that is made without another one: 0666 without the bits of umask(2). No other thread may make
    /// files meanwhile.
    package static var modeOfNewFiles: mode_t {
        let mask = umask(0)
        umask(mask)
        return 0o666 & ~mask
    }

    /// This process's environment, as `NAME=value` strings: environ(7).
    package static var environment: [String] {
        var strings: [String] = []
        var next = cposix_environment()
        while let entry = next?.pointee {
            strings.append(String(cString: entry))
            next = next?.advanced(by: 1)
        }
        return strings
    }

    /// Returns the value of an environment variable, or nil if it is unset or empty.
    package static func environmentVariable(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// The home directories of this process's user: HOME and that of passwd(5), those of them that are set.
    package static var homeDirectories: [String] {
        let registered = getpwuid(geteuid()).flatMap { $0.pointee.pw_dir }.map { String(cString: $0) }
        return [environmentVariable("HOME"), registered].compactMap(\.self)
    }

    /// Asks for SIGTERM when the parent process dies, if that is `parent`: prctl(2) with PR_SET_PDEATHSIG. Returns
    /// whether the parent is that one and the kernel has agreed.
    @discardableResult
    package static func endWithParent(_ parent: pid_t) -> Bool {
        guard getppid() == parent, cposix_set_parent_death_signal(SIGTERM) == 0 else { return false }
        // It may have died before the call, and nobody would tell.
        if getppid() != parent { raise(SIGTERM) }
        return true
    }

    /// The time when this process was begun, in seconds since the epoch and up to 10 ms early, or nil if it is not
    /// known: `starttime` of proc(5).
    package static var startTime: Double? {
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
    /// - Parameter input: the program's standard input; nil leaves it this process's.
    package static func become(_ arguments: [String], input: [UInt8]? = nil) throws(SystemError) -> Never {
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

    /// Makes this thread, and the processes that it starts, nicer by `increment`: nice(2). The sum is cut off at 19 and
    /// -20. Only root may lower it.
    package static func addNiceness(_ increment: Int) throws(SystemError) {
        // -1 is a niceness, too.
        errno = 0
        if nice(Int32(clamping: max(-40, min(increment, 40)))) == -1, errno != 0 { throw SystemError("nice", "") }
    }

    /// Limits a core file to `bytes`, unless the hard limit is lower: setrlimit(2).
    package static func limitCore(_ bytes: UInt64) throws(SystemError) {
        var limit = rlimit()
        try retrying("getrlimit", "") { getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) }
        limit.rlim_max = min(limit.rlim_max, rlim_t(bytes))
        limit.rlim_cur = limit.rlim_max
        try retrying("setrlimit", "") { setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) }
    }
}
