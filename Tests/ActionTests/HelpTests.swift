import DriverProtocol
import Foundation
import TestSupport
import Testing

/// What a person at a terminal asks an action for.
@Suite struct HelpTests {
    /// All actions that read a message, by their launchers.
    static let actions: [String] = {
        let remotes = Fixture.packageRoot.appending(path: "remotes")
        let names = FileManager.default.enumerator(atPath: remotes.path)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            let parts = name.split(separator: "/")
            return parts.count == 3 && ["market", "datastore"].contains(parts[0])
        }.sorted()
    }()

    private func act(_ action: String, _ arguments: [String], input: String = "") throws -> Outcome {
        let directory = try TemporaryDirectory()
        return try run(
            [Programs.path("market-drivers"), action] + arguments, input: Array(input.utf8),
            environment: ["ONE_LOCATION": directory.path])
    }

    /// Returns the paths that a section of the help lists.
    private func paths(_ help: String, _ mark: String) -> [String] {
        help.split(separator: "\n").compactMap { line in
            guard line.hasPrefix(mark), line.dropFirst(mark.count).first?.isLetter == true else { return nil }
            return String(line.dropFirst(mark.count).prefix { $0 != "]" })
        }
    }

    @Test func thereAreActionsOfEachDriver() { #expect(Self.actions.count >= 20) }

    /// `--example` prints a message that has all that `--help` requires, and names the rest in comments.
    @Test(arguments: actions) func anExampleIsAWholeMessage(_ action: String) throws {
        let help = try act(action, ["--help"]).output
        let example = try act(action, ["--example"])
        #expect(example.status == .exited(0) && example.errors == "")
        let message = try Message(text: Array(example.output.utf8))
        for path in paths(help, "  ") { #expect(message.value(path) != nil, "\(path)") }
        for path in paths(help, "  [") {
            let name = try #require(path.split(separator: "/").last)
            #expect(example.output.contains("<\(name)>"), "\(path)")
        }
        // Piped in again, it gets as far as to its values.
        let outcome = try act(action, [], input: example.output)
        #expect(!outcome.errors.contains("is missing or empty"), "\(outcome.errors)")
        #expect(!outcome.errors.contains("Cannot read the driver message"), "\(outcome.errors)")
    }

    @Test(arguments: actions) func helpFitsATerminal(_ action: String) throws {
        let help = try act(action, ["--help"])
        #expect(help.status == .exited(0) && help.errors == "")
        #expect(help.output.hasPrefix("\(action): "))
        #expect(help.output.contains("\n    \(action) < message\n"))
        for line in help.output.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
    }

    /// The downloader reads a command line in place of a message: its example is one that works with other values.
    @Test func theExampleOfTheDownloaderIsACommand() throws {
        let directory = try TemporaryDirectory()
        let image = try directory.write("image", TestFiles.noise(200_000))
        let example = try act("datastore/downloader.sh", ["--example"])
        #expect(example.status == .exited(0) && example.errors == "")
        let words = example.output.split(whereSeparator: { $0.isWhitespace || $0 == "\\" }).map(String.init)
        let md5 = try TestFiles.md5(image)
        let values = try [
            #require(words.firstIndex(of: "--md5")) + 1: md5, words.count - 2: image,
            words.count - 1: directory.path("copy"),
        ]
        let arguments = words.indices.dropFirst().map { values[$0] ?? words[$0] }
        #expect(words.first == "downloader.sh")
        #expect(try act("datastore/downloader.sh", arguments).errors == "")
        #expect(try TestFiles.md5(directory.path("copy")) == md5)
    }

    @Test func theReleaseIsThatOfTheChangelog() throws {
        let changelog = try String(contentsOf: Fixture.packageRoot.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let release = try #require(changelog.firstMatch(of: /(?:What will be |## \[)([0-9]+\.[0-9]+\.[0-9]+)/)).output.1
        let packaged = Fixture.packageRoot.appending(path: "packaging/version")
        #expect(try String(contentsOf: packaged, encoding: .utf8) == "\(release)\n")
        #expect(try act("market/http/import", ["--version"]).output == "market/http/import \(release)\n")
        #expect(
            try act("datastore/downloader.sh", ["--version"]).output == "datastore/downloader.sh \(release)\n")
        #expect(try act("--version", []).output == "market-drivers \(release)\n")
        #expect(try run([Programs.path("one_market"), "--version"]).output == "one_market \(release)\n")
    }
}
