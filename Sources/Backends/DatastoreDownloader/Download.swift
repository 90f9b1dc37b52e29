import AppTransfer
import Bytes
import Checksums
import DriverProtocol
import ImageTransfer
import Posix

/// One image on its way from FROM to TO.
struct Download {
    private static let path = Input.optional("IMAGE/PATH", "Source of the image.")

    private let location: Location
    private let target: String
    private let expected: ExpectedDigests
    /// The number of bytes after which it ends, or nil if it has no limit.
    private let limit: UInt64?
    private let decompresses: Bool
    private let request: Request

    /// Throws a ``DriverError`` that names an option, or an attribute of the message, with a bad value.
    init(_ arguments: DownloadArguments, _ request: Request) throws(DriverError) {
        self.request = request
        location = try Self.location(arguments.operands[0])
        target = arguments.operands[1]
        decompresses = arguments.options[.nodecomp] == nil
        limit = try Self.limit(arguments.options[.maxSize])
        let given = try Self.digests(arguments.options)
        guard limit == nil || given.values.isEmpty else {
            throw DownloadArguments.problem("a digest cannot be checked of a part, which --max-size asks for")
        }
        // The message may be about another image.
        let isOfMessage = request.message.value(Self.path).map { $0.utf8.elementsEqual(arguments.operands[0].utf8) }
        expected =
            try limit == nil && isOfMessage == true
            ? given.union(
                ImageDigests.expected(request.message, at: location), of: "the image \(quoted(location))")
            : given
    }

    private static func location(_ operand: String) throws(DriverError) -> Location {
        let location = Location(operand)
        guard location.scheme == nil, !isAbsolute(operand) else { return location }
        do {
            return Location(joined(try workingDirectory(), operand))
        } catch {
            throw DriverError("read", "the image \(quoted(operand))", error)
        }
    }

    private static func limit(_ text: String?) throws(DriverError) -> UInt64? {
        guard let text else { return nil }
        guard text.utf8.allSatisfy(isDigit), let limit = UInt64(text) else {
            throw DownloadArguments.problem("--max-size \(quoted(text)) is no number of bytes")
        }
        return limit
    }

    private static func digests(_ options: [DownloadArguments.Option: String]) throws(DriverError) -> ExpectedDigests {
        let algorithms: [(DownloadArguments.Option, Digest.Algorithm)] = [
            (.md5, .md5), (.sha1, .sha1), (.sha256, .sha256),
        ]
        return try ExpectedDigests(
            options: algorithms.compactMap { option, algorithm in
                options[option].map { (name: "--\(option.rawValue)", algorithm: algorithm, text: $0) }
            })
    }

    /// Copies the image. If it throws, nothing is left of the target but bytes that a stream has taken.
    func run() throws {
        var isStream = false
        try startingOver(request.log, unless: isStream) {
            let source = try paced(ImageSources.open(location, request), request)
            let target = try DownloadTarget(
                self.target, needing: limit == nil ? source.storageSize : nil, log: request.log)
            isStream = target.file == nil
            try fetch(source, to: target)
        }
    }

    private func fetch(_ source: any ImageSource, to target: DownloadTarget) throws {
        do {
            try copy(source, into: target.sink)
            try Interrupt.check()
            if try !unpack(target, name: source.name) { _ = try target.sink.publish() }
        } catch {
            target.sink.discard()
            throw error
        }
    }

    /// Makes a directory of a whole archive. Returns false if the file is none, or should stay one.
    private func unpack(_ target: DownloadTarget, name: String) throws -> Bool {
        guard limit == nil, decompresses, let (sink, place) = target.file,
            let archive = Archive(head: try sink.head(Archive.headSize))
        else { return false }
        try sink.finishLength()
        try archive.unpack(sink.path, to: place, name: name)
        sink.discard()
        return true
    }

    private func copy(_ source: any ImageSource, into sink: any ImageSink) throws {
        guard let limit else {
            _ = try ImageCopy(
                source, expected: expected.filled(md5: source.md5), decompresses: decompresses, computesMD5: false,
                log: request.log
            ).run(into: sink)
            return
        }
        do {
            _ = try ImageCopy(
                source, expected: ExpectedDigests(), decompresses: decompresses, computesMD5: false, log: request.log
            ).run(into: LimitedSink(sink, limit: limit))
        } catch is LimitedSink.Full {
            return
        }
    }
}
