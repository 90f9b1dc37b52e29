import CPosix
import Glibc

/// A process started with posix_spawn(3). It inherits its three standard streams and nothing else: all other
/// descriptors are closed, no signal is blocked or ignored in it. No shell is involved.
///
/// Dropped while it runs, it is killed and waited for.
package final class Child {
    /// The target of one of the child's standard streams.
    package enum Stream {
        /// To /dev/null.
        case null
        /// To a pipe, whose other end is the child's ``Child/input``, ``Child/output`` or ``Child/errors``.
        case pipe
        /// To an open descriptor of this process.
        case descriptor(FileDescriptor)
    }

    package let pid: pid_t
    /// Becomes readable when the child has ended: pidfd_open(2).
    package let exitDescriptor: FileDescriptor
    /// This process's ends of the pipes, non-blocking.
    package private(set) var input: FileDescriptor?
    package let output: FileDescriptor?
    package let errors: FileDescriptor?
    private let ownsGroup: Bool
    private var status: ExitStatus?

    /// Starts `arguments[0]`, which is looked up in PATH if it has no slash.
    ///
    /// - Parameters:
    ///   - environment: `NAME=value` strings; nil for this process's own.
    ///   - ownGroup: whether the child gets a process group of its own.
    package init(
        _ arguments: [String], environment: [String]? = nil, input: Stream = .null, output: Stream = .pipe,
        errors: Stream = .pipe, ownGroup: Bool = false
    ) throws(SystemError) {
        var plumbing = Plumbing()
        self.input = try plumbing.connect(0, to: input)
        self.output = try plumbing.connect(1, to: output)
        self.errors = try plumbing.connect(2, to: errors)
        ownsGroup = ownGroup
        pid = try plumbing.spawn(arguments, environment: environment, ownGroup: ownGroup)
        let number = cposix_pidfd_open(pid)
        guard number >= 0 else {
            let failure = SystemError("pidfd_open", arguments[0])
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw failure
        }
        exitDescriptor = FileDescriptor(number, name: "process \(pid)")
    }

    deinit {
        if status == nil {
            send(SIGKILL)
            _ = reap()
        }
    }

    /// Closes the pipe to the child's standard input: the child reads an end of file.
    package func closeInput() {
        input = nil
    }

    /// Sends a signal to the child, or to its whole process group if it has one of its own.
    package func send(_ signal: Int32) {
        // A reaped leader's group still holds what it left behind.
        guard status == nil || ownsGroup else { return }
        kill(ownsGroup ? -pid : pid, signal)
    }

    /// Whether the child's own process group has any member, be it the child itself or what it left behind.
    package var isGroupAlive: Bool {
        ownsGroup && (kill(-pid, 0) == 0 || errno != ESRCH)
    }

    /// Waits for the child's end: waitpid(2).
    package func reap() -> ExitStatus {
        if let status { return status }
        var raw: Int32 = 0
        while waitpid(pid, &raw, 0) < 0 && errno == EINTR {}
        let ended: ExitStatus =
            cposix_wifexited(raw) != 0 ? .exited(cposix_wexitstatus(raw)) : .signalled(cposix_wtermsig(raw))
        status = ended
        return ended
    }

    /// Reaps what else has ended among this process's children.
    func reapOthers() {
        while case let other = cposix_ended_child(), other > 0, other != pid { waitpid(other, nil, 0) }
    }

    /// Waits for the child's end. Returns nil if it has not ended after `seconds`.
    package func reap(within seconds: Double) -> ExitStatus? {
        if let status { return status }
        var entry = pollfd(fd: exitDescriptor.number, events: Int16(POLLIN), revents: 0)
        let deadline = Clock.now + seconds
        while Clock.now < deadline {
            if poll(&entry, 1, Int32(max(1, (deadline - Clock.now) * 1000))) > 0 { return reap() }
        }
        return nil
    }

    /// Returns the last line in the pipe from the child's standard error, once the child has ended.
    package func lastComplaint() -> String? {
        var buffer = [UInt8](repeating: 0, count: 8192)
        guard let count = try? buffer.withUnsafeMutableBytes({ try errors?.read(into: $0) }), count > 0 else {
            return nil
        }
        return String(decoding: buffer[..<count], as: UTF8.self).split(whereSeparator: \.isNewline).last
            .map(String.init)
    }

    /// Ends the child: SIGTERM, then SIGKILL if it has not ended after `grace` seconds.
    @discardableResult
    package func terminate(grace: Double = 5) -> ExitStatus {
        if let status { return status }
        send(SIGTERM)
        if let status = reap(within: grace) { return status }
        send(SIGKILL)
        return reap()
    }
}

/// The attributes and file actions of one posix_spawn call.
private struct Plumbing {
    private var actions = posix_spawn_file_actions_t()
    /// Kept open until the child has them.
    private var childEnds: [FileDescriptor] = []

    init() {
        posix_spawn_file_actions_init(&actions)
    }

    /// Makes `number` of the child lead to `stream`. Returns this process's end of a pipe, or nil if `stream` is no
    /// pipe.
    mutating func connect(_ number: Int32, to stream: Child.Stream) throws(SystemError) -> FileDescriptor? {
        switch stream {
        case .null:
            posix_spawn_file_actions_addopen(&actions, number, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
            return nil
        case .descriptor(let descriptor):
            try hand(descriptor, over: number)
            return nil
        case .pipe:
            let pipe = try Pipe()
            let (theirs, ours) = number == 0 ? (pipe.reading, pipe.writing) : (pipe.writing, pipe.reading)
            try hand(theirs, over: number)
            ours.setNonBlocking()
            return ours
        }
    }

    /// Makes `number` of the child a copy of `descriptor`. One of the first three could already lead elsewhere in the
    /// child when its turn comes, so a copy with a higher number takes its place.
    private mutating func hand(_ descriptor: FileDescriptor, over number: Int32) throws(SystemError) {
        let source = descriptor.number > 2 ? descriptor : try descriptor.copy(from: 3)
        posix_spawn_file_actions_adddup2(&actions, source.number, number)
        childEnds.append(source)
    }

    mutating func spawn(_ arguments: [String], environment: [String]?, ownGroup: Bool) throws(SystemError) -> pid_t {
        defer { posix_spawn_file_actions_destroy(&actions) }
        cposix_spawn_close_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let group = ownGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))

        var argv = arguments.map { strdup($0) } + [nil]
        var envp = environment.map { $0.map { strdup($0) } + [nil] }
        defer {
            for pointer in argv + (envp ?? []) { free(pointer) }
        }
        var pid: pid_t = 0
        let code =
            envp == nil
            ? posix_spawnp(&pid, arguments[0], &actions, &attributes, &argv, cposix_environment())
            : posix_spawnp(&pid, arguments[0], &actions, &attributes, &argv, &envp!)
        guard code == 0 else { throw SystemError("run", arguments[0], code: code) }
        return pid
    }
}
