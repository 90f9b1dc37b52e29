import Foundation
import TestSupport
import Testing

/// The tables "If something goes wrong" of the manual quote errors as the program prints them.
@Suite struct ErrorTableTests {
    /// What other programs and libraries say.
    private static let wordsOfOthers = [
        // OpenNebula and swift build.
        "Marketplace is not in this", "no such module",
        // libcurl and OpenSSL.
        "Failed to connect to", "error setting certificate file", "wrong version number",
        // strerror(3).
        "No such file or directory", "No space left on device",
    ]

    /// The literals of the program's sources, those that a plus or a backslash continues in one piece.
    private static let sources: String = {
        let root = Fixture.packageRoot
        let places = ["Sources", "packaging", "install.sh"].map { root.appending(path: $0) }
        let files = places.flatMap { (place) -> [URL] in
            let below = FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil)
            return [place] + (below?.compactMap { $0 as? URL } ?? [])
        }
        let text = files.compactMap { try? String(contentsOf: $0, encoding: .utf8) }.joined(separator: "\n")
        return text.replacing(/"\s*\+ "/, with: "").replacing(/\\\n\s*/, with: "")
    }()

    /// Returns the runs of at least `count` plain words: what stands between them is a value, or an ellipsis.
    private static func runs(_ text: Substring, atLeast count: Int) -> [String] {
        let words = text.split(separator: " ").map(String.init)
        let runs = words.split(whereSeparator: { $0.wholeMatch(of: /[A-Za-z][a-z\-]+[,.]?/) == nil })
        return runs.filter { $0.count >= count }.map { run in
            run.joined(separator: " ").trimmingCharacters(in: CharacterSet(charactersIn: ",."))
        }
    }

    /// The quoted errors of a page.
    private static func quotations(_ page: String) -> [String] {
        let sections = page.components(separatedBy: "\n## ").filter { $0.hasPrefix("If something goes wrong") }
        let rows = sections.flatMap { $0.split(separator: "\n") }.filter { $0.hasPrefix("| ") }
        return rows.flatMap { row in
            let cell = row.components(separatedBy: " | ")[0]
            return cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter {
                $0.offset % 2 == 1
            }
            .map { String($0.element) }
        }
    }

    @Test func eachErrorOfTheManualIsOneOfTheProgram() throws {
        let directory = Fixture.packageRoot.appending(path: "docs")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path()).filter { $0.hasSuffix(".md") }
        var count = 0
        for name in names {
            for quotation in Self.quotations(try String(contentsOf: directory.appending(path: name), encoding: .utf8)) {
                for clause in quotation.split(separator: #/[:;] /#) {
                    // The operation and its object are two arguments.
                    let isOperation = clause.hasPrefix("Cannot ")
                    let text = isOperation ? clause.dropFirst(7).drop { $0 != " " } : clause
                    for words in Self.runs(text, atLeast: isOperation ? 2 : 3) {
                        count += 1
                        #expect(
                            Self.sources.contains(words) || Self.wordsOfOthers.contains { $0.hasPrefix(words) },
                            "\(name) quotes \(quotation): nothing prints \"\(words)\"")
                    }
                }
            }
        }
        #expect(count > 100)
    }
}
