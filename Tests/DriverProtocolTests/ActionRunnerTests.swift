import DriverProtocol
import Foundation
import Glibc
import Posix
import TestSupport
import Testing

private let document =
    "<MARKET_DRIVER_ACTION_DATA><MARKETPLACEAPP><ID>7</ID><NAME>a</NAME></MARKETPLACEAPP>"
    + "</MARKET_DRIVER_ACTION_DATA>"
private let encoded = String(decoding: Base64.encode(Array(document.utf8)), as: UTF8.self)

/// Prints its input.
private enum Echo: Action {
    static let name = "market/test/echo"
    static let purpose = "prints what it was given"
    static let inputs: [Input] = [.required("MARKETPLACEAPP/NAME", "The `name`.", example: "a & b"), id, key]
    private static let id = Input.required("MARKETPLACEAPP/ID", "A number.", example: "7")
    private static let key = Input.optional("MARKETPLACE/TEMPLATE/KEY", default: "5", "A key.")

    static func run(_ request: Request) throws -> Reply {
        request.log.info("working")
        return Reply("\(request.id) \(try request.message.required("MARKETPLACEAPP/NAME"))\n")
    }
}

/// Throws the error that its input names.
private enum Failing: Action {
    static let name = "market/test/failing"
    static let purpose = "fails"
    static let inputs: [Input] = []

    struct Odd: Error, CustomStringConvertible {
        let description = "two\nlines ]]>"
    }

    static func run(_ request: Request) throws -> Reply {
        request.log.warning("about to fail")
        switch request.id {
        case 1: throw DriverError("read", "'/a'", cause: "it is gone", remedy: "look for it")
        case 2: throw SystemError("open", "/a", code: ENOENT)
        case 3: throw Interrupted(signal: SIGTERM)
        default: throw Odd()
        }
    }
}

/// Makes a file that only its undo removes.
private enum Undoable: Action {
    static let name = "market/test/undoable"
    static let purpose = "leaves a file"
    static let inputs = [Input.required("MARKETPLACEAPP/NAME", "A path.", example: "/a")]

    static func run(_ request: Request) throws -> Reply {
        let path = try request.message.required("MARKETPLACEAPP/NAME")
        _ = try FileDescriptor.open(path, O_CREAT | O_WRONLY)
        return Reply(String(repeating: "x", count: 100), undo: { unlink(path) })
    }
}

@Suite struct ActionRunnerTests {
    private struct Ending {
        let status: Int32
        let output: String
        let errors: String
        /// The lines that the user sees.
        var reasons: [Substring] {
            errors.split(separator: "\n").filter { line in
                Log.Level.allCases.allSatisfy { !line.hasPrefix($0.rawValue + ":") }
            }
        }
    }

    /// Runs the action with pipes as its streams, or with `output` in place of one.
    private func run(
        _ action: any Action.Type, _ arguments: [String], input: String = "", output: FileDescriptor? = nil
    ) throws -> Ending {
        let directory = try TemporaryDirectory()
        let pipe = try Posix.Pipe()
        let reader = pipe.reading
        let streams = ActionRunner.Streams(
            input: try FileDescriptor.open(directory.write("in", input.utf8), O_RDONLY),
            output: output ?? pipe.writing, errors: try FileDescriptor.open(directory.path("err"), O_CREAT | O_RDWR))
        let status = ActionRunner.run(action, arguments: arguments, streams: streams)
        var text = [UInt8](repeating: 0, count: 1 << 16)
        reader.setNonBlocking()
        let count = (try? text.withUnsafeMutableBytes { try reader.read(into: $0) }) ?? 0
        return Ending(
            status: status, output: String(decoding: text[..<count], as: UTF8.self),
            errors: try String(contentsOfFile: directory.path("err"), encoding: .utf8))
    }

    @Test(
        arguments: [
            // The message as an argument, plain or encoded, with the id on either side or only in the message
            ([encoded, "12"], "", "12 a\n"), (["12", encoded], "", "12 a\n"), ([encoded], "", "7 a\n"),
            ([document, "12"], "", "12 a\n"),
            // On standard input
            ([], encoded, "7 a\n"), (["12"], encoded, "12 a\n"), (["12"], document, "12 a\n"),
            (["0"], encoded + "\n", "0 a\n"),
        ] as [([String], String, String)])
    func findsMessageAndID(_ arguments: [String], _ input: String, _ output: String) throws {
        let ending = try run(Echo.self, arguments, input: input)
        #expect(ending.status == 0)
        #expect(ending.output == output)
        #expect(ending.errors == "INFO: \(output.split(separator: " ")[0]) market/test/echo: app 7 \"a\": working\n")
    }

    @Test(arguments: ["--help", "-h"]) func tellsItsUsage(_ option: String) throws {
        let ending = try run(Echo.self, [option])
        #expect(ending.status == 0)
        #expect(ending.output.hasPrefix("market/test/echo: prints what it was given\n"))
        #expect(ending.output.contains("  MARKETPLACEAPP/NAME\n"))
        #expect(ending.errors == "")
    }

    @Test(arguments: [
        ("", "it is empty"), ("noise!", "neither base64 nor XML"),
        ("<MARKET_DRIVER_ACTION_DATA/>", "MARKETPLACEAPP/NAME is missing or empty"),
        (document.replacing("<ID>7</ID>", with: "<ID/>"), "MARKETPLACEAPP/ID is missing or empty"),
        (document.replacing("<NAME>a</NAME>", with: ""), "MARKETPLACEAPP/NAME is missing or empty"),
    ])
    func refusesWhatItCannotUse(_ input: String, _ cause: String) throws {
        let ending = try run(Echo.self, ["12"], input: input)
        #expect(ending.status == 1)
        #expect(ending.output == "")
        #expect(ending.reasons.count == 1 && ending.errors.contains(cause))
        #expect(faultOfLine(String(ending.errors.dropLast())) == nil)
    }

    @Test(arguments: [
        ("--bogus", "it has no option '--bogus'; see --help"),
        ("/etc/passwd", "'/etc/passwd' is the name of a file, and no message; pass the file on standard input"),
    ])
    func refusesWhatIsNoMessage(_ argument: String, _ reason: String) throws {
        let ending = try run(Echo.self, [argument, "12"], input: encoded)
        #expect(ending.status == 1 && ending.output == "")
        #expect(ending.reasons.count == 1 && ending.errors.contains(reason), "\(ending.errors)")
    }

    @Test(arguments: [
        ("1", "Cannot read '/a': it is gone; look for it"),
        ("2", "open '/a': No such file or directory; see the log of oned"),
        ("3", "ended by signal 15"), ("4", "Cannot finish market/test/failing: two\\nlines ]] >; see the log"),
    ])
    func tellsOneReason(_ id: String, _ reason: String) throws {
        let ending = try run(Failing.self, [id], input: encoded)
        #expect(ending.status == 1)
        #expect(ending.output == "")
        #expect(ending.errors.hasPrefix("WARN: \(id) market/test/failing: app 7 \"a\": about to fail\n"))
        #expect(ending.reasons.count == 1)
        #expect(ending.reasons.first?.contains(reason) == true)
    }

    @Test func undoesWhatItCannotDeliver() throws {
        let directory = try TemporaryDirectory()
        let input = document.replacing("<NAME>a<", with: "<NAME>\(directory.path("made"))<")
        let kept = try run(Undoable.self, [], input: input)
        #expect(kept.status == 0 && kept.output.count == 100)
        #expect(try directory.names() == ["made"])

        let full = try FileDescriptor.open("/dev/full", O_WRONLY)
        for (output, cause) in [(full, "No space left on device"), (try closedPipe(), "Broken pipe")] {
            let ending = try run(Undoable.self, [], input: input, output: output)
            #expect(ending.status == 1)
            #expect(ending.reasons.count == 1 && ending.errors.contains(cause))
            #expect(try directory.names() == [])
        }
    }

    /// The writing end of a pipe that nobody reads any more.
    private func closedPipe() throws -> FileDescriptor { try Posix.Pipe().writing }
}
