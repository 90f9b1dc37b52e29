import DriverProtocol
import Glibc
import Posix

/// One request on its way through its steps. It says its answer exactly once, and may have to clean up after that.
final class Job {
    /// What a DELETE learns of its app's import.
    struct Aftermath {
        /// The SOURCE that the import has printed, if it has published.
        var source: String?
        /// Whether the import was ended for this DELETE.
        var isOfEndedImport = false
    }

    private enum Phase {
        /// The datastore's export runs for the import by that driver.
        case exporting(Message, importDriver: Driver)
        /// The market's action runs.
        case acting
        /// The answer has been said; DISPOSE_CMD of the export runs.
        case disposing
    }

    let verb: Verb
    let id: Int
    /// The output of an import that has published its image.
    private(set) var imported: [UInt8]?
    private let aftermath: Aftermath
    private let context: Context
    private let history: MonitorHistory
    private let say: ([UInt8]) -> Void
    /// The object's name in log lines.
    private(set) var object: ObjectName
    private var redaction = Redaction()
    private var allowance = LogAllowance()
    private var phase = Phase.acting
    private var step: Step?
    private var stop: Stop?
    private var deadline: Double?

    /// A request whose lines for oned are given to `say`. A DELETE may have the `aftermath` of an import.
    init(
        _ verb: Verb, id: Int, context: Context, history: MonitorHistory, aftermath: Aftermath = Aftermath(),
        say: @escaping ([UInt8]) -> Void
    ) {
        self.verb = verb
        self.id = id
        self.aftermath = aftermath
        self.context = context
        self.history = history
        self.say = say
        object = verb.object(id)
        for proxy in context.environment.proxies { redaction.learn(proxy: proxy) }
    }

    var isFinished: Bool { step == nil }
    /// Whether its answer has not been said yet.
    var isOpen: Bool {
        if case .disposing = phase { false } else { step != nil }
    }
    /// The time at which ``advance(at:)`` has to be called at the latest.
    var nextTime: Double {
        guard let step else { return .infinity }
        return step.killTime ?? deadline ?? .infinity
    }

    /// Starts the first step, or says the answer if there is none.
    func begin(_ payload: [UInt8], at now: Double) {
        deadline = context.options.timeout.map { now + $0 }
        do throws(DriverError) {
            let message = try Message(text: payload)
            redaction.learn(message.root)
            object = verb.object(id, message)
            try begin(Plan(verb, message, markets: context.options.markets), message)
        } catch {
            fail("\(error)")
        }
    }

    private func begin(_ plan: Plan, _ message: Message) throws(DriverError) {
        switch plan {
        case .nothingToImport:
            log(.info, "IMPORT: nothing to upload, an app of this type has no image")
        case .nothingToDelete:
            say(Answer.success(verb, id, output: []))
        case .refuse(let reason):
            fail(reason)
        case .run(let market):
            let driver = try Driver("market/\(market)/\(verb.action)", remotes: context.remotes)
            if verb == .delete { try delete(by: driver, message) } else { try act(driver, message.document) }
        case .exportAndImport(let datastore, let market):
            // Looked up before the export, which may take an hour.
            let importDriver = try Driver("market/\(market)/\(verb.action)", remotes: context.remotes)
            let export = try Driver("datastore/\(datastore)/export", remotes: context.remotes)
            phase = .exporting(message, importDriver: importDriver)
            try start(
                Launch(
                    datastore: export, id: id, message: encoded(Handover.exportMessage(message)),
                    environment: context.environment.forExport(before: importDriver)))
        }
    }

    private func delete(by driver: Driver, _ message: Message) throws(DriverError) {
        if let document = aftermath.source.flatMap({ message.document(withSource: $0) }) {
            log(.info, "DELETE: the app's import had published its image, which is removed")
            return try act(driver, document)
        }
        guard aftermath.isOfEndedImport, !driver.readsStandardInput, message.value(.appSourceIfAny) == nil
        else {
            return try act(driver, message.document)
        }
        // Other drivers know no app without SOURCE, and a failed import has left none.
        log(.info, "DELETE: nothing to delete, the app's import was ended before it had published")
        say(Answer.success(verb, id, output: []))
    }

    private func act(_ driver: Driver, _ document: [UInt8]) throws(DriverError) {
        let launch = try Launch(
            market: driver, id: id, message: encoded(document), environment: context.environment.common)
        phase = .acting
        try start(launch)
    }

    private func encoded(_ document: [UInt8]) -> [UInt8] {
        let message = Base64.encode(document)
        redaction.learn(base64: message)
        return message
    }

    private func start(_ launch: Launch) throws(DriverError) {
        step = try Step(launch, limits: context.limits)
    }

    // MARK: While it runs

    /// Adds the descriptors that it waits for: ``Exchange/entryCount`` entries.
    func appendEntries(to entries: inout [pollfd]) {
        step?.appendEntries(to: &entries)
    }

    /// Handles the results of poll(2) for these entries. Returns what a step has left running, or nil.
    func handle(_ entries: ArraySlice<pollfd>, scratch: UnsafeMutableRawBufferPointer, now: Double) -> Remnant? {
        guard let step else { return nil }
        for line in step.handle(entries, scratch: scratch, now: now) { forward(line, at: now) }
        guard step.status != nil else { return nil }
        self.step = nil
        finish(step, at: now)
        return step.remnant(at: now)
    }

    /// Does everything that is due by now.
    func advance(at now: Double) {
        if let deadline, now >= deadline, let step, step.killTime == nil {
            if isOpen { end(.timedOut, at: now) } else { step.end(at: now) }
        }
        step?.killIfDue(at: now)
    }

    /// Ends the request: its programs get SIGTERM, and are killed if they do not end.
    func end(_ reason: Stop, at now: Double) {
        guard isOpen else {
            // The remaining step cleans up, and has a limited time for that.
            if case .shutdown = reason { deadline = min(deadline ?? .infinity, now + context.limits.grace) }
            return
        }
        if stop == nil { stop = reason }
        step?.end(at: now)
    }

    private func forward(_ line: DriverOutput.LogLine, at now: Double) {
        guard verb != .monitor || history.isNews(line.text, of: id, at: now) else { return }
        switch allowance.take(at: now) {
        case .pass: log(line.level, line.text, about: line.id)
        case .announceEnd: log(.warning, "\(verb.rawValue): too many log lines, the rest is dropped")
        case .drop: break
        }
    }

    private func log(_ level: Log.Level, _ text: String, about id: Int? = nil) {
        let text = redaction.redact(text)
        // Our own actions name their object themselves.
        say(Answer.log(level, id ?? self.id, text.contains("\(object)") ? text : "\(object): \(text)"))
    }

    private func fail(_ reason: String) {
        var reason = redaction.redact(reason)
        if verb == .monitor {
            guard let news = history.failure(reason, of: id, at: Clock.now) else { return }
            reason = news
        }
        say(Answer.failure(verb, id, of: object, reason))
    }

    private func succeed(_ output: [UInt8]) {
        if verb == .monitor, let failures = history.success(of: id) {
            log(.info, "MONITOR: succeeds again, after \(counted(failures, "failure"))")
        }
        say(Answer.success(verb, id, output: output))
    }

    // MARK: When a step has ended

    private func finish(_ step: Step, at now: Double) {
        switch phase {
        case .exporting(let message, let importDriver):
            exported(step, message, importDriver, at: now)
        case .acting:
            // An import that has printed its result has published: even if it got SIGTERM, the app has its image.
            let hasImported = verb == .importApp && step.status?.isSuccess == true && problem(of: step) == nil
            if hasImported { imported = step.output }
            let isWanted = if case .deleted = stop { false } else { hasImported }
            if !isWanted, let reason = reason(of: step) ?? problem(of: step) {
                fail(reason)
            } else {
                succeed(step.output)
            }
        case .disposing:
            guard step.status?.isSuccess != true else { return }
            log(
                .warning,
                "\(verb.rawValue): what the export left behind could not be removed: \(reason(of: step) ?? "")")
        }
    }

    private func exported(_ step: Step, _ message: Message, _ importDriver: Driver, at now: Double) {
        var handover: Handover?
        do throws(DriverError) {
            if step.status?.isSuccess == true, !step.isOutputTooLarge { handover = try Handover(output: step.output) }
            if let reason = reason(of: step) {
                fail(reason)
            } else if let found = handover {
                try found.check()
                redaction.learn(url: found["IMPORT_SOURCE"])
                try act(importDriver, found.importMessage(message))
            }
        } catch {
            fail("\(error)")
        }
        // Import removes the temporary image of export. If it has not been started, nobody else does.
        if self.step == nil { dispose(handover, at: now) }
    }

    private func dispose(_ handover: Handover?, at now: Double) {
        guard let command = handover?.disposeCommand,
            let launch = Launch(disposeCommand: command, environment: context.environment.common)
        else { return }
        let isShutdown = if case .shutdown = stop { true } else { false }
        deadline = now + (isShutdown ? context.limits.grace : context.limits.dispose)
        stop = nil
        phase = .disposing
        do throws(DriverError) {
            try start(launch)
        } catch {
            log(.warning, "\(error)")
        }
    }

    /// Returns the reason why a step has failed, or nil if it has not.
    private func reason(of step: Step) -> String? {
        if let stop { return stop.reason(of: step.name, verb, timeout: context.options.timeout) }
        if step.isOutputTooLarge { return "\(step.name) printed more than \(context.limits.output >> 20) MiB" }
        guard let status = step.status, !status.isSuccess else { return nil }
        guard step.errors.reason.isEmpty else { return step.errors.reason }
        let ending =
            switch status {
            case .exited: "\(step.name) ended with \(status)"
            case .signalled: "\(step.name) was \(status)"
            }
        return step.errors.lastError.map { "\(ending): \($0)" }
            ?? "\(ending) and gave no reason; run it by hand to see more"
    }

    /// Returns the reason why oned must not get the action's output, or nil if it may.
    private func problem(of step: Step) -> String? {
        let problem =
            switch verb {
            case .importApp: OutputCheck.problem(inImport: step.output)
            case .monitor: OutputCheck.problem(inReport: step.output)
            case .delete: OutputCheck.problem(inText: step.output)
            }
        return problem.map { "\(step.name) printed what oned cannot take: \($0); correct that driver" }
    }
}
