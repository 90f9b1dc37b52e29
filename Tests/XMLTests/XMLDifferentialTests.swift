import Foundation
import Posix
import TestSupport
import Testing
import XML

/// Our parser beside libxml2's, as `xmllint --c14n` has it: of each document either both find the same tree, or both
/// refuse it.
@Suite struct XMLDifferentialTests {
    private static let batchSize = 300
    private static let separator = Array("<END-OF-DOCUMENT></END-OF-DOCUMENT>".utf8)

    @Test func agreesWithXmllint() throws {
        let random = SeededGenerator.fresh()
        var generator = XMLGenerator(random: random)
        var accepted = 0
        var compared = 0
        let rounds = SeededGenerator.rounds(6_000)
        for _ in 0..<rounds / Self.batchSize {
            let documents = (0..<Self.batchSize).map { _ in generator.document() }.filter(isComparable)
            for (document, theirs) in zip(documents, try canonicalForms(of: documents)) {
                compared += 1
                let ours = (try? XMLParser.parse(document)).map { Array(canonical($0).utf8) }
                if ours != nil { accepted += 1 }
                let verdict = "of \(shown(document)) we make \(shown(ours)), xmllint \(shown(theirs))"
                try #require(ours == theirs, "TEST_SEED=\(random.seed): \(verdict)")
            }
        }
        // Both kinds must have come, or the comparison has said little.
        #expect(compared > rounds * 5 / 6, "TEST_SEED=\(random.seed)")
        #expect(accepted > compared / 4 && accepted < compared * 9 / 10, "\(accepted) of \(compared)")
    }

    private func shown(_ document: [UInt8]?) -> String {
        document.map { String(decoding: $0, as: UTF8.self).debugDescription } ?? "nothing"
    }

    /// Whether nothing in it is read otherwise by policy.
    private func isComparable(_ document: [UInt8]) -> Bool {
        let differs = [":", "<!D", "\0", "'1.'"].contains { document.firstRange(of: Array($0.utf8)) != nil }
        // libxml2 guesses at other encodings from the first bytes.
        return !differs && document.count >= 4 && [0x3C, 0x20, 0x0A, 0x0D, 0x09, 0xEF].contains(document[0])
    }

    /// Returns the tree of each document as libxml2 reads it, or nil if it refuses the document.
    private func canonicalForms(of documents: [[UInt8]]) throws -> [[UInt8]?] {
        let directory = try TemporaryDirectory()
        let separator = try directory.write("separator", Self.separator)
        var arguments = ["xmllint", "--c14n"]
        for (position, document) in documents.enumerated() {
            arguments += [try directory.write("\(position)", document), separator]
        }
        let result = try Command(arguments).run(outputLimit: 64 << 20, timeout: 60)
        var forms: [[UInt8]?] = []
        var rest = result.output[...]
        while let end = rest.firstRange(of: Self.separator) {
            let form = withoutComments(rest[..<end.lowerBound])
            forms.append(form.isEmpty ? nil : form)
            rest = rest[end.upperBound...]
        }
        try #require(forms.count == documents.count, "xmllint must answer for each document: \(result.reason)")
        return forms
    }
}
