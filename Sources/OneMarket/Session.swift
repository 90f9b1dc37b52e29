import DriverProtocol
import Glibc
import Posix

/// The conversation with oned: one loop around poll(2), in which nothing else ever waits.
final class Session {
    /// The requests that may start in one turn of the loop: those that need no program end at once.
    private static let startsPerTurn = 64
    /// Pieces of answers written in one turn.
    private static let piecesPerTurn = 64

    private struct QueuedRequest {
        let verb: Verb
        let id: Int
        let payload: [UInt8]
        /// Whether its app's import was ended for this DELETE.
        var endedImport = false
    }

    private let input: FileDescriptor
    private let output: FileDescriptor
    private let context: Context
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    private var lines: LineBuffer
    private var answers = AnswerQueue()
    /// Warnings about the driver's start, until oned listens.
    private var warnings: [String]
    private let history = MonitorHistory()
    private var waiting: [QueuedRequest] = []
    private var nextWaiting = 0
    /// DELETEs that wait for the end of their app's import, and take its place then.
    private var heldDeletes: [QueuedRequest] = []
    private var published = PublishedImages()
    private var running: [Job] = []
    /// What ended requests have left running, with the app's id if it was an import.
    private var remnants: [(importing: Int?, remnant: Remnant)] = []
    private var isStopping = false
    /// The time at which the last answers are given up.
    private var flushDeadline: Double?

    /// A conversation over `input` and `output`, whose flags are left as they are.
    init(input: FileDescriptor, output: FileDescriptor, context: Context) {
        self.input = input
        self.output = output
        self.context = context
        lines = LineBuffer(limit: context.limits.line)
        warnings = context.warnings
    }

    deinit {
        scratch.deallocate()
    }

    /// Talks until FINALIZE, the input's end, or a signal. Everything that was started has ended then.
    func run() {
        while true {
            startWaiting()
            let now = Clock.now
            if isStopping, running.isEmpty, remnants.isEmpty {
                let deadline = flushDeadline ?? now + context.limits.flush
                flushDeadline = deadline
                if answers.isEmpty || now >= deadline { return }
            }
            turn(at: now)
        }
    }

    // MARK: One turn

    private func turn(at began: Double) {
        var entries = [
            pollfd(fd: isStopping ? -1 : input.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: answers.isEmpty ? -1 : output.number, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: isStopping ? -1 : Interrupt.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let first = entries.count
        for job in running { job.appendEntries(to: &entries) }
        guard poll(&entries, nfds_t(entries.count), timeout(at: began)) >= 0 else { return }
        let now = Clock.now
        handleJobs(entries[first...], at: now)
        if entries[1].revents != 0 { writeAnswers() }
        if entries[2].revents != 0 { stop() }
        if entries[0].revents != 0, !isStopping { readInput() }
    }

    /// Returns the milliseconds until the next time limit, or -1 if there is none.
    private func timeout(at now: Double) -> Int32 {
        if canStart { return 0 }
        var next = flushDeadline ?? .infinity
        if !remnants.isEmpty { next = min(next, now + Remnant.interval) }
        for job in running { next = min(next, job.nextTime) }
        return next == .infinity ? -1 : Int32(max(0, min((next - now) * 1000 + 1, 3_600_000)))
    }

    private func handleJobs(_ entries: ArraySlice<pollfd>, at now: Double) {
        var rest = entries
        for job in running {
            if let remnant = job.handle(rest.prefix(Exchange.entryCount), scratch: scratch, now: now) {
                remnants.append((job.verb == .importApp ? job.id : nil, remnant))
            }
            rest = rest.dropFirst(Exchange.entryCount)
            job.advance(at: now)
        }
        for job in running where job.isFinished {
            if let output = job.imported { published.note(output, of: job.id, at: now) }
        }
        running.removeAll { $0.isFinished }
        remnants.removeAll { $0.remnant.isGone(at: now) }
        releaseDeletes()
    }

    /// Whether a request waits and has a place. That of an ended import is kept for the DELETE that has ended it.
    private var canStart: Bool {
        let kept = heldDeletes.count { !runsImport(of: $0.id) }
        return nextWaiting < waiting.count && running.count + kept < context.options.threads
    }

    private func startWaiting() {
        var starts = 0
        while canStart, starts < Self.startsPerTurn {
            let request = waiting[nextWaiting]
            waiting[nextWaiting] = QueuedRequest(verb: request.verb, id: request.id, payload: [])
            nextWaiting += 1
            starts += 1
            let now = Clock.now
            var aftermath = Job.Aftermath()
            if request.verb == .delete {
                aftermath = Job.Aftermath(
                    source: published.take(request.id, at: now), isOfEndedImport: request.endedImport)
            }
            let job = Job(request.verb, id: request.id, context: context, history: history, aftermath: aftermath) {
                [unowned self] in answers.append($0)
            }
            job.begin(request.payload, at: now)
            if !job.isFinished { running.append(job) }
        }
        if nextWaiting == waiting.count || nextWaiting > 4096 {
            waiting.removeSubrange(..<nextWaiting)
            nextWaiting = 0
        }
    }

    // MARK: What oned writes

    private func readInput() {
        let count = read(input.number, scratch.baseAddress, scratch.count)
        guard count > 0 else {
            if count == 0 || (errno != EAGAIN && errno != EINTR) { stop() }
            return
        }
        lines.append(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        while !isStopping, let line = lines.next() {
            switch line {
            case .whole(let bytes): RequestLine(bytes).map(handle)
            case .tooLong(let head): refuse(head)
            }
        }
    }

    private func handle(_ line: RequestLine) {
        guard line != .initialize else {
            // oned reads once, and takes everything that it gets for the answer.
            return answers.append(Answer.initialized, alone: true)
        }
        for warning in warnings { log(.warning, nil, "one_market: \(warning)") }
        warnings = []
        switch line {
        case .action(.delete, let id, let payload): delete(QueuedRequest(verb: .delete, id: id, payload: payload))
        case .action(let verb, let id, let payload): waiting.append(QueuedRequest(verb: verb, id: id, payload: payload))
        case .cancel(let id): cancel(id)
        default: stop()
        }
    }

    private func refuse(_ head: [UInt8]) {
        let reason = "the line is longer than \(context.limits.line >> 20) MiB"
        guard case .action(let verb, let id, _) = RequestLine(head) else {
            return log(.error, nil, "one_market: a line is skipped: \(reason)")
        }
        let object = verb.object(id)
        log(.error, id, "\(object): \(verb.rawValue) is skipped: \(reason)")
        answers.append(
            Answer.failure(
                verb, id, of: object, "Cannot read the driver message: \(reason); shorten the templates in it"))
    }

    /// oned deletes an app whose import may wait or run: oned does not cancel that.
    private func delete(_ request: QueuedRequest) {
        var request = request
        let isItsImport = { (waiting: QueuedRequest) in waiting.verb == .importApp && waiting.id == request.id }
        let place = waiting[nextWaiting...].firstIndex(where: isItsImport).map { $0 - nextWaiting }
        _ = dropWaiting(because: "not begun, because its app was deleted", advising: false, isItsImport)
        request.endedImport = place != nil || isImporting(request.id)
        guard isImporting(request.id) else { return waiting.insert(request, at: place ?? waiting.count) }
        let now = Clock.now
        for job in running where job.verb == .importApp && job.id == request.id {
            log(.info, request.id, "\(job.object): IMPORT: its app is deleted, it is being ended")
            job.end(.deleted, at: now)
        }
        heldDeletes.append(request)
    }

    private func isImporting(_ id: Int) -> Bool {
        runsImport(of: id) || remnants.contains { $0.importing == id }
    }

    private func runsImport(of id: Int) -> Bool { running.contains { $0.verb == .importApp && $0.id == id } }

    /// Starts the DELETEs whose imports have ended, with all that those had started.
    private func releaseDeletes() {
        guard !heldDeletes.isEmpty else { return }
        let released = heldDeletes.filter { !isImporting($0.id) }
        waiting.insert(contentsOf: released, at: nextWaiting)
        heldDeletes.removeAll { !isImporting($0.id) }
    }

    private func cancel(_ id: Int) {
        let now = Clock.now
        let matching = running.filter { $0.id == id && $0.isOpen }
        for job in matching {
            log(.info, id, "\(job.object): \(job.verb.rawValue): oned has cancelled it, it is being ended")
            job.end(.cancelled, at: now)
        }
        let dropped = dropWaiting(because: "cancelled before it had begun") { $0.id == id }
        if matching.isEmpty, dropped == 0 { log(.info, id, "DRIVER_CANCEL \(id): nothing is at work for this object") }
    }

    /// Fails the waiting requests that `isMeant` selects, and returns their number.
    private func dropWaiting(because reason: String, advising: Bool = true, _ isMeant: (QueuedRequest) -> Bool) -> Int {
        let dropped = heldDeletes.filter(isMeant) + waiting[nextWaiting...].filter(isMeant)
        for request in dropped {
            answers.append(
                Answer.failure(
                    request.verb, request.id, of: request.verb.object(request.id),
                    "\(request.verb.rawValue) was \(reason)" + (advising ? "; \(request.verb.remedyOfEnding)" : "")))
        }
        heldDeletes.removeAll(where: isMeant)
        waiting = waiting[nextWaiting...].filter { !isMeant($0) }
        nextWaiting = 0
        return dropped.count
    }

    private func stop() {
        isStopping = true
        _ = dropWaiting(because: "not begun, because one_market was told to end") { _ in true }
        let now = Clock.now
        for job in running { job.end(.shutdown, at: now) }
    }

    // MARK: What oned reads

    private func log(_ level: Log.Level, _ id: Int?, _ text: String) {
        answers.append(Answer.log(level, id, text))
    }

    private func writeAnswers() {
        for _ in 0..<Self.piecesPerTurn where !answers.isEmpty {
            let piece = answers.nextPiece()
            let count = write(output.number, piece, piece.count)
            if count < 0, errno != EAGAIN, errno != EINTR {
                // Nobody reads the answers any more.
                answers.removeAll()
                return stop()
            }
            answers.remove(max(count, 0))
            var entry = pollfd(fd: output.number, events: Int16(POLLOUT), revents: 0)
            guard count > 0, poll(&entry, 1, 0) == 1, entry.revents == Int16(POLLOUT) else { return }
        }
    }
}
