import DriverProtocol
import Glibc
import Posix

/// The journal of imports: a file for each import that runs. By it, an image is found that a killed import has
/// published, and the deletion of an app can end its import.
///
/// The import holds a lock on its file, which the kernel takes away with the process. A file without a lock stands for
/// a dead import: ``JournalVerdict`` decides on it.
package struct ImportJournal {
    /// The seconds that an import which was told to end may take to clean up, and a killed one to be gone.
    private static let grace = 60.0
    /// The seconds for which something may still come from another machine.
    private static let lateness = 3600.0
    /// More than the steps of the clock that a process's start is measured with, in seconds.
    private static let clockStep = 0.02
    /// The number of answered imports whose entries are kept, over all marketplaces.
    private static let answeredLimit = 1000

    private let driverState: String
    private let directory: String
    private let app: JournaledApp
    private let publications: any Publications
    private let message: Message
    private let log: Log

    /// The journal of this installation, for an action of a marketplace that keeps its images in `publications`.
    package init(_ request: Request, _ publications: any Publications) {
        driverState = request.installation.driverState
        directory = driverState + "/imports"
        app = JournaledApp(request.message)
        message = request.message
        log = request.log
        self.publications = publications
    }

    // MARK: What actions do

    /// A running import, for its own process.
    package final class Running {
        fileprivate var mayBeVisible = false

        /// Must be called before the image may be visible.
        package func isPublishing() { mayBeVisible = true }
    }

    /// Runs an import that publishes `publication`, with an entry in the journal until its reply has been delivered. If
    /// the reply cannot be delivered, the image is removed. Without a journal, only a warning is logged.
    ///
    /// - Throws: the error of `work`, or a ``DriverError`` if the app was deleted meanwhile.
    package func record(_ publication: Publication, _ work: (Running) throws -> Reply) throws -> Reply {
        sweep()
        let entry = begin(publication)
        let running = Running()
        let reply: Reply
        do {
            try checkDeletion()
            reply = try work(running)
        } catch {
            // Taking back may take its time: if it may be needed, the next action does it.
            if !(running.mayBeVisible && publications.areRemote) { entry?.forget() }
            throw error
        }
        return Reply(bytes: reply.bytes) {
            guard attempt({ _ = try publications.takeBack(publication) }) else { return }
            entry?.forget()
        } confirm: {
            try answered(entry)
        }
    }

    /// Takes back the publications of dead imports of this marketplace that have not answered. A failure leaves the
    /// entry for the next action, with a warning.
    package func sweep() {
        for name in names() where name.app.market == app.market { carryOut(name, .sweep) }
    }

    /// The app, which had a SOURCE, has been deleted.
    package func forget() {
        for name in names() where name.app.market == app.market {
            carryOut(name, name.app == app ? .deletionWithSource : .sweep)
        }
    }

    /// The app has been deleted, and oned knows no SOURCE of it: its import never printed its result, or the result has
    /// crossed the deletion, or has failed. Ends its imports, and removes their publications. Throws if an import
    /// cannot be ended.
    package func delete() throws {
        let announced = announceDeletion()
        var found = false
        while let entry = try entries(.deletion, [.endImport]).first {
            found = true
            try end(entry)
        }
        for name in names() where name.app.market == app.market {
            let isOfApp = name.app == app
            if carryOut(name, isOfApp ? .deletion : .sweep), isOfApp { found = true }
        }
        let isLookedFor = attempt(otherwise: "what an import of the app may have left stays") {
            if try publications.clear(after: message) { found = true }
        }
        if !found {
            let left = isLookedFor ? ", and no import has left anything of it" : ""
            log.info("nothing to delete: the app has no SOURCE" + left)
        }
        // An import that begins after this must not be taken for one that began before.
        try sleep(until: announced + Self.clockStep)
    }

    // MARK: An import's entry

    private func begin(_ publication: Publication) -> JournalEntry? {
        if !publication.attempt.isEmpty {
            // This import itself looks for images of that name that come late.
            for name in names() where name.app == app && name.state == .lost {
                JournalEntry(name, in: directory)?.forget()
            }
        }
        do throws(DriverError) {
            try prepare()
            tidy()
            return try writing { () throws(SystemError) in
                try JournalEntry(new: JournalName(app, .importing), publication, in: directory)
            }
        } catch {
            log.warning("\(error); if this import is killed, its image may stay in the marketplace")
            return nil
        }
    }

    /// Throws if the app was deleted after this import had begun.
    private func checkDeletion() throws {
        let start = CurrentProcess.startTime ?? 0
        for name in names() where name.app == app && name.state == .deleted {
            guard let entry = JournalEntry(name, in: directory), WallClock.now - entry.age >= start else { continue }
            throw DriverError(
                "import", "the app", cause: "it was deleted meanwhile", remedy: "create it again if that was not meant")
        }
    }

    /// The reply has been written. The entry is kept in case the reply does not reach oned, or comes too late.
    private func answered(_ entry: JournalEntry?) throws {
        guard let entry else { return }
        try writing { () throws(SystemError) in
            do throws(SystemError) {
                try entry.become(.answered)
            } catch {
                // Without an entry nobody takes anything back.
                guard error.code == ENOENT else { throw error }
            }
        }
    }

    // MARK: Other imports' entries

    /// Returns the entries of this app on which the verdict is one of `verdicts`.
    private func entries(_ purpose: JournalVerdict.Purpose, _ verdicts: [JournalVerdict]) throws -> [JournalEntry] {
        try names().filter { $0.app == app }.compactMap { JournalEntry($0, in: directory) }.filter { entry in
            let verdict = JournalVerdict(
                entry.name.state, isAlive: try entry.owner() != nil, age: entry.age, purpose)
            return verdicts.contains(verdict)
        }
    }

    /// Carries out the verdict on an entry, except that no import is ended. Returns whether there was an image.
    @discardableResult
    private func carryOut(_ name: JournalName, _ purpose: JournalVerdict.Purpose) -> Bool {
        var hadImage = false
        attempt {
            guard let entry = JournalEntry(name, in: directory) else { return }
            switch JournalVerdict(name.state, isAlive: try entry.owner() != nil, age: entry.age, purpose) {
            case .keep, .endImport: break
            case .forget: entry.forget()
            case .takeBack: hadImage = try takeBack(entry)
            }
        }
        return hadImage
    }

    private func takeBack(_ entry: JournalEntry) throws -> Bool {
        guard try entry.reserve() else { return false }
        guard let publication = entry.publication() else {
            log.warning("passing over \(quoted(entry.path)): it is no entry of the journal of imports; remove it")
            return false
        }
        let hadImage = try publications.takeBack(publication)
        if hadImage { log.warning("removed \(quoted(publication.name)): an import that has ended was not answered") }
        let mayCome = !hadImage && publications.areRemote && entry.name.state != .answered
        if mayCome, entry.name.state == .importing {
            try entry.become(.lost)
        } else if !mayCome || entry.age > Self.lateness {
            entry.forget()
        }
        return hadImage
    }

    private func end(_ entry: JournalEntry) throws {
        guard let pid = try entry.owner() else { return }
        func cannot(_ cause: String) -> DriverError {
            DriverError(
                "end", "the import of the app", cause: cause, remedy: "end it there, and delete what it has published")
        }
        guard pid > 0 else { throw cannot("it runs on another machine, or outside of this container") }
        guard let process = ProcessHandle(pid), try entry.owner() == pid else { return }
        log.info("ending the import of the app, which runs as process \(pid)")
        for signal in [SIGTERM, SIGKILL] {
            do {
                try process.send(signal)
            } catch {
                throw cannot("process \(pid) takes no signal from this user: \(error.cause)")
            }
            let ended = process.hasEnded(by: Clock.now + Self.grace, interruptible: true)
            try Interrupt.check()
            if ended { return }
        }
        throw cannot("process \(pid) does not end, though it was killed")
    }

    // MARK: The directory

    private func names() -> [JournalName] {
        (try? directoryEntries(directory))?.compactMap { JournalName($0) } ?? []
    }

    /// Makes the directory. Throws if others than this user can write to it.
    private func prepare() throws(DriverError) {
        let status = try writing { () throws(SystemError) in
            for (path, mode) in [(driverState, mode_t(0o750)), (directory, 0o700)] {
                if mkdir(path, mode) != 0, errno != EEXIST { throw SystemError("mkdir", path) }
            }
            let status = try FileStatus(path: directory, followLinks: false)
            guard status.isDirectory else { throw SystemError("opendir", directory, code: ENOTDIR) }
            return status
        }
        guard status.owner == geteuid() || geteuid() == 0, status.mode & 0o022 == 0 else {
            throw DriverError(
                "write", quoted(directory), cause: "others can write to it, too",
                remedy: "make it a directory of the user that runs oned (oneadmin), of mode 700")
        }
    }

    private func writing<Result>(_ body: () throws(SystemError) -> Result) throws(DriverError) -> Result {
        do { return try body() } catch { throw DriverError("write", quoted(directory), error) }
    }

    /// Forgets the oldest answered imports if there are too many, and entries that were never finished.
    private func tidy() {
        JournalEntry.removeUnfinished(in: directory)
        let answered = names().filter { $0.state == .answered }
        guard answered.count > Self.answeredLimit else { return }
        let entries = answered.compactMap { JournalEntry($0, in: directory) }.sorted { $0.age > $1.age }
        for entry in entries.prefix(answered.count - Self.answeredLimit) { entry.forget() }
    }

    /// Leaves a notice for imports that have begun and are not yet in the journal. Returns the time by the ``Clock``.
    private func announceDeletion() -> Double {
        do throws(DriverError) {
            try prepare()
            let path = joined(directory, JournalName(app, .deleted).text)
            try writing { () throws(SystemError) in
                let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
                try file.changeModificationTime(WallClock.now)
            }
        } catch {
            log.warning("\(error); an import of the app that has just begun is not ended")
        }
        return Clock.now
    }

    /// Runs `body`. If it throws, logs a warning and returns false.
    @discardableResult
    private func attempt(
        otherwise consequence: String = "the next action of this marketplace tries again", _ body: () throws -> Void
    ) -> Bool {
        do {
            try body()
            return true
        } catch {
            log.warning("\(error); \(consequence)")
            return false
        }
    }
}
