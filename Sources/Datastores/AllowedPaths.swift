import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// Decides which files may become images: RESTRICTED_DIRS and SAFE_DIRS of a datastore. SAFE_DIRS take precedence.
///
/// OpenNebula's own directories and the home of the drivers' user are restricted in any case: they hold passwords.
/// Paths are compared directory by directory, their links resolved.
package struct AllowedPaths: Sendable {
    private static let restrictedInput = Input.optional(
        "DATASTORE/TEMPLATE/RESTRICTED_DIRS", "Directories from which no image may be read, separated by spaces.")
    private static let safeInput = Input.optional(
        "DATASTORE/TEMPLATE/SAFE_DIRS", "Directories from which images may be read in any case, separated by spaces.")
    package static let inputs = [restrictedInput, safeInput]

    private let restricted: [String]
    private let safe: [String]

    /// Reads the datastore's attributes. Throws a ``DriverError`` for one that is no list of directories: it must not open
    /// what an administrator has meant to close.
    package init(_ request: Request) throws(DriverError) {
        let own = [request.installation.state, request.installation.configuration] + CurrentProcess.homeDirectories
        restricted = try own + Self.directories(request.message, Self.restrictedInput)
        safe = try Self.directories(request.message, Self.safeInput)
    }

    private static func directories(_ message: Message, _ input: Input) throws(DriverError) -> [String] {
        let words = message.words(input)
        guard words.allSatisfy({ isAbsolute($0) && !$0.contains("*") && !$0.contains(",/") }) else {
            throw message.invalid(
                input, "is no list of directories",
                remedy: "write absolute paths, separated by spaces (onedatastore update)")
        }
        return words
    }

    init(restricted: [String], safe: [String]) {
        self.restricted = restricted
        self.safe = safe
    }

    /// Opens the local file at `path`. Throws a ``DriverError`` if it is not there, or must not be read.
    package func open(_ path: String) throws -> FileSource {
        guard isAbsolute(path) else {
            throw readError(path, cause: "it is no absolute path and no URL", remedy: "begin it with /")
        }
        // Checked before it is opened, since opening a device can have effects, and again afterwards, since a link may
        // have been changed in between.
        do {
            try check(isAllowed: allows(resolvedPath(path)), Location(path))
            let file = try FileSource(path: path)
            try check(isAllowed: allows(file.resolvedPath()), Location(path))
            return file
        } catch let error as SystemError {
            throw DriverError("read", "the image \(quoted(path))", error)
        }
    }

    /// Opens the file of another host, all links resolved there, those of RESTRICTED_DIRS and SAFE_DIRS, too. Returns nil if
    /// `location` is no `ssh://HOST:PATH`. Throws a ``DriverError`` if the file must not be read.
    package func open(remote location: Location, _ request: Request) throws -> RemoteSource? {
        guard RemoteSource.serves(location) else { return nil }
        return try RemoteSource(location, request, resolving: restricted + safe) { path, directories in
            let found = zip(restricted + safe, directories).map { $1 ?? normalized($0) }
            let there = AllowedPaths(
                restricted: Array(found[..<restricted.count]), safe: Array(found[restricted.count...]))
            try there.check(isAllowed: there.allows(resolved: path), location)
        }
    }

    /// Whether a file, its links resolved, may be read.
    func allows(_ path: String) -> Bool {
        func resolved(_ directories: [String]) -> [String] {
            directories.map { (try? resolvedPath($0)) ?? normalized($0) }
        }
        return AllowedPaths(restricted: resolved(restricted), safe: resolved(safe)).allows(resolved: path)
    }

    /// Whether a file may be read, if no directory has a link in it either.
    private func allows(resolved path: String) -> Bool {
        safe.contains { isInside(path, $0) } || !restricted.contains { isInside(path, $0) }
    }

    private func check(isAllowed: Bool, _ location: Location) throws(DriverError) {
        guard !isAllowed else { return }
        throw readError(
            location, cause: "RESTRICTED_DIRS of the datastore forbids its directory",
            remedy: "move it, or let an administrator name its directory in SAFE_DIRS (onedatastore update)")
    }
}

/// Returns `path` without empty and `.` parts, `..` taken as text.
private func normalized(_ path: String) -> String {
    var parts: [Substring.UTF8View] = []
    for part in path.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
        if part.elementsEqual("..".utf8) { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.map { String(Substring($0)) }.joined(separator: "/")
}
