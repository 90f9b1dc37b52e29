import DriverProtocol
import Glibc
import Posix

/// Where a marketplace's imports publish images, and how that is taken back.
package protocol Publications {
    /// Whether another machine publishes them: what a killed import has asked for may then still come into being.
    var areRemote: Bool { get }
    /// Removes an image if that very import has published it. Returns whether it had. The name and the attempt come from
    /// a file: they can be anything.
    func takeBack(_ publication: Publication) throws -> Bool
    /// Removes what ended imports of the message's app have left that no journal tells of. Returns whether there was an
    /// image.
    func clear(after message: Message) throws -> Bool
}

/// The journal of imports: a file for each one that runs, so that what it has published before it could answer is found
/// when it was killed, and so that the deletion of its app can end it.
///
/// The import holds a lock on its file, which the kernel takes away with the process. A file without a lock stands for an
/// import that is dead: see ``JournalVerdict`` for what becomes of it.
package struct ImportJournal {
    /// How long, in seconds, an import that was told to end may take to clean up, and a killed one to be gone.
    private static let grace = 60.0
    /// How long, in seconds, something may still come from another machine.
    private static let lateness = 3600.0
    /// More than the steps of the clock that the beginning of a process is told by, in seconds.
    private static let clockStep = 0.02
    /// Entries of answered imports that are kept, over all marketplaces.
    private static let answeredLimit = 1000

    private let directory: String
    private let app: JournaledApp
    private let publications: any Publications
    private let message: Message
    private let log: Log

    /// The journal of this installation, for an action of a marketplace that keeps its images in `publications`.
    package init(_ request: Request, _ publications: any Publications) {
        directory = request.installation.state + "/market-drivers/imports"
        app = JournaledApp(request.message)
        message = request.message
        log = request.log
        self.publications = publications
    }

    // MARK: What actions do

    /// An import at work, for the one that does it.
    package final class Running {
        fileprivate var mayBeVisible = false

        /// From now on the image may be visible.
        package func isPublishing() { mayBeVisible = true }
    }

    /// Does the work of an import that publishes `publication`, in the sight of the journal until its reply has been
    /// delivered; where it cannot be, the image is removed. Throws what `work` throws, and where the app was deleted
    /// meanwhile. Where no journal can be kept, a warning says so.
    package func record(_ publication: Publication, _ work: (Running) throws -> Reply) throws -> Reply {
        sweep()
        let entry = begin(publication)
        let running = Running()
        let reply: Reply
        do {
            try checkDeletion()
            reply = try work(running)
        } catch {
            // Taking back may take its time: where it may be needed, the next action does it.
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

    /// Takes back what imports of this marketplace have published that are dead and have not answered. What cannot be taken
    /// back stays for the next action, with a warning.
    package func sweep() {
        for name in names() where name.app.market == app.market { settle(name, .sweep) }
    }

    /// The app is deleted, and had a SOURCE.
    package func forget() {
        for name in names() where name.app.market == app.market {
            settle(name, name.app == app ? .deletionWithSource : .sweep)
        }
    }

    /// The app is deleted, and oned knows no SOURCE of it: its import never answered, or the answer has crossed the deletion,
    /// or has failed. Ends its imports, and removes what they have published. Throws where one cannot be ended.
    package func delete() throws {
        let announced = announceDeletion()
        var found = false
        while let entry = try entries(.deletion, [.endImport]).first {
            found = true
            try end(entry)
        }
        for name in names() where name.app.market == app.market {
            let isOfApp = name.app == app
            if settle(name, isOfApp ? .deletion : .sweep), isOfApp { found = true }
        }
        attempt(otherwise: "what an import of the app may have left stays") {
            if try publications.clear(after: message) { found = true }
        }
        if !found { log.info("nothing to delete: the app has no SOURCE, and no import has left anything of it") }
        // An import that begins after this must not be taken for one that began before.
        try sleep(until: announced + Self.clockStep)
    }

    // MARK: An import's entry

    private func begin(_ publication: Publication) -> JournalEntry? {
        if !publication.attempt.isEmpty {
            // This import looks for what may come late of the name by itself.
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
            log.warning("\(error); where this import is killed, its image may stay, known to nobody")
            return nil
        }
    }

    /// Refuses an import that had begun when its app was deleted.
    private func checkDeletion() throws {
        let start = processStart() ?? 0
        for name in names() where name.app == app && name.state == .deleted {
            guard let entry = JournalEntry(name, in: directory), WallClock.now - entry.age >= start else { continue }
            throw DriverError(
                "import", "the app", cause: "it was deleted meanwhile", remedy: "create it again if that was not meant")
        }
    }

    /// The reply has been written. What follows is for the case that it has not reached oned, or too late.
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

    /// The entries of this app for which that is to be done.
    private func entries(_ purpose: JournalVerdict.Purpose, _ verdicts: [JournalVerdict]) throws -> [JournalEntry] {
        try names().filter { $0.app == app }.compactMap { JournalEntry($0, in: directory) }.filter { entry in
            let verdict = JournalVerdict(
                entry.name.state, isAlive: try entry.owner() != nil, age: entry.age, purpose)
            return verdicts.contains(verdict)
        }
    }

    /// Does what is to be done about an entry whose import is not to be ended. Returns whether it stood for an image.
    @discardableResult
    private func settle(_ name: JournalName, _ purpose: JournalVerdict.Purpose) -> Bool {
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

    /// Makes the directory. Throws where it is not one that this user alone can write to.
    private func prepare() throws(DriverError) {
        let status = try writing { () throws(SystemError) in
            for (path, mode) in [(String(directory.dropLast("/imports".count)), mode_t(0o750)), (directory, 0o700)] {
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

    /// Forgets the oldest of the answered imports where they are too many, and what was never finished.
    private func tidy() {
        JournalEntry.removeUnfinished(in: directory)
        let answered = names().filter { $0.state == .answered }
        guard answered.count > Self.answeredLimit else { return }
        let entries = answered.compactMap { JournalEntry($0, in: directory) }.sorted { $0.age > $1.age }
        for entry in entries.prefix(answered.count - Self.answeredLimit) { entry.forget() }
    }

    /// Leaves word for imports that have begun and are not yet in the journal. Returns when, by the ``Clock``.
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

    /// Returns whether it went well; a warning tells if it did not.
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
