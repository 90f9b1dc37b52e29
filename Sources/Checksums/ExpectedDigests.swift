import Bytes
import DriverProtocol

/// The digests that a file must have.
package struct ExpectedDigests: Sendable, Equatable {
    package private(set) var values: [Digest.Algorithm: String] = [:]

    package init() {}

    /// A SHA-256 in lower case.
    package init(sha256: String) {
        values[.sha256] = sha256
    }

    /// The digests that these inputs of a message state; a missing or empty element expects nothing. Throws an error that names
    /// the element if a value is no digest of its algorithm.
    package init(
        _ message: Message, md5: Input? = nil, sha1: Input? = nil, sha256: Input? = nil
    ) throws(DriverError) {
        for (algorithm, input) in [(Digest.Algorithm.md5, md5), (.sha1, sha1), (.sha256, sha256)] {
            guard let input, let value = message.value(input) else { continue }
            guard let digest = algorithm.digest(value) else {
                throw message.invalid(
                    input, "is no \(algorithm.rawValue) checksum", remedy: "give \(algorithm.digits) hexadecimal digits"
                )
            }
            values[algorithm] = digest
        }
    }

    /// The digests that the options of a program state. Throws a ``DriverError`` that names the option if a value is no
    /// digest of its algorithm.
    package init(options: [(name: String, algorithm: Digest.Algorithm, text: String)]) throws(DriverError) {
        for (name, algorithm, text) in options {
            guard let digest = algorithm.digest(text) else {
                throw DriverError(
                    "use", name, cause: "\(quoted(oneLine(text, limit: 200))) is no \(algorithm.rawValue) checksum",
                    remedy: "give \(algorithm.digits) hexadecimal digits")
            }
            values[algorithm] = digest
        }
    }

    /// Returns the same with this MD5 if none was expected.
    package func filled(md5: String?) -> ExpectedDigests {
        var filled = self
        filled.values[.md5] = values[.md5] ?? md5?.lowercased()
        return filled
    }

    /// Returns what both expect. Throws a ``DriverError`` if they contradict each other about `object`.
    package func union(_ other: ExpectedDigests, of object: String) throws(DriverError) -> ExpectedDigests {
        for algorithm in Digest.Algorithm.allCases.reversed() {
            guard let one = values[algorithm], let two = other.values[algorithm], one != two else { continue }
            throw DriverError(
                "verify", object,
                cause: "it cannot have both \(algorithm.rawValue)s that are stated, \(one) and \(two)",
                remedy: "take the wrong one out of the image's template, the app or the options")
        }
        var union = self
        union.values.merge(other.values) { own, _ in own }
        return union
    }

    /// Throws a ``DriverError`` if `found` differs: `object` does not hold the expected bytes then. The error names the
    /// strongest digest that differs, so that the same image is always refused with the same words.
    package func check(_ found: [Digest.Algorithm: String], of object: String) throws(DriverError) {
        for algorithm in Digest.Algorithm.allCases.reversed() {
            guard let expected = values[algorithm], let value = found[algorithm], value != expected else { continue }
            throw DriverError(
                "verify", object, cause: "its \(algorithm.rawValue) is \(value) where \(expected) was expected",
                remedy: "check the source for damage and try again")
        }
    }
}
