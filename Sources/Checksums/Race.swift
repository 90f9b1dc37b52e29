import CChecksums
import COpenSSL
import Glibc

/// Finds the fastest way to compute an image's digests on this processor.
///
/// A processor's flags tell which instructions it has, but not how fast they are: those of AVX-512 are a fifth faster
/// than the others on some, and take twice their time on others. So each way that this processor has is timed. That
/// takes some 0.2 ms, once a process for each kind of digest, and only when an image's digest begins.
package enum Race {
    /// The MD5 of a stream; nil if libcrypto is faster.
    static let md5: Candidate? = fastest(of: md5Contenders)
    /// The MD5s of a stream and of its parts.
    static let parts: Candidate = fastest(of: partsContenders)
    /// The same with the SHA-256 of the parts. If the candidate has none, libcrypto computes that faster by itself.
    static let signedParts: Candidate = fastest(of: signedPartsContenders)

    /// A participant: its name, and its work on some blocks.
    struct Contender<Value> {
        let name: String
        let value: Value
        let run: (UnsafeRawBufferPointer) -> Void
    }

    private static var available: [Candidate] { Candidate.all.filter(\.runsHere) }

    private static var md5Contenders: [Contender<Candidate?>] {
        let own = available.filter { !$0.hasSHA256 }.map { candidate in
            Contender<Candidate?>(name: candidate.name, value: candidate, run: taking(candidate))
        }
        guard let library = LibcryptoDigest(EVP_md5()) else { return own }
        return own + [Contender(name: "libcrypto", value: nil, run: library.update)]
    }

    private static var partsContenders: [Contender<Candidate>] {
        available.filter { $0.streams == 2 && !$0.hasSHA256 }.map { candidate in
            Contender(name: candidate.name, value: candidate, run: taking(candidate))
        }
    }

    private static var signedPartsContenders: [Contender<Candidate>] {
        let own = available.filter(\.hasSHA256).map { candidate in
            Contender(name: candidate.name, value: candidate, run: taking(candidate))
        }
        guard let library = LibcryptoDigest(EVP_sha256()) else { return own + partsContenders }
        return own
            + partsContenders.map { contender in
                Contender(name: contender.name + ", then SHA-256 of libcrypto", value: contender.value) { bytes in
                    contender.run(bytes)
                    library.update(bytes)
                }
            }
    }

    private static func taking(_ candidate: Candidate) -> (UnsafeRawBufferPointer) -> Void {
        var state = checksums()
        return { candidate.update(&state, $0) }
    }

    static func fastest<Value>(of contenders: [Contender<Value>]) -> Value {
        let times = leastTimes(of: contenders)
        return contenders[times.indices.min { times[$0] < times[$1] }!].value
    }

    /// Returns the nanoseconds that each one takes for `length` bytes, a multiple of a block, in the best of `rounds`
    /// runs. They run in turn. A run that was interrupted does not count if another one was not.
    static func leastTimes(of contenders: [Contender<some Any>], length: Int = 4096, rounds: Int = 8) -> [UInt64] {
        var least = [UInt64](repeating: .max, count: contenders.count)
        let bytes = [UInt8](repeating: 0, count: length)
        bytes.withUnsafeBytes { bytes in
            for _ in 0..<rounds {
                for (index, contender) in contenders.enumerated() {
                    let start = now()
                    contender.run(bytes)
                    least[index] = min(least[index], now() - start)
                }
            }
        }
        return least
    }

    /// Returns nanoseconds of CLOCK_MONOTONIC, which takes no system call to read.
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// The speed of one contender.
    package struct Result: Sendable {
        /// The digests computed: `MD5`, for one.
        package let digests: String
        /// The contender's name.
        package let name: String
        /// MB a second.
        package let speed: Double
        /// Whether this process uses it.
        package let isChosen: Bool
    }

    /// Runs all of them for longer, and returns the speed of each.
    package static func results() -> [Result] {
        results("MD5", md5Contenders) { $0?.name == md5?.name }
            + results("MD5 of an image and its parts", partsContenders) { $0.name == parts.name }
            + results("the same, and SHA-256 of the parts", signedPartsContenders) { $0.name == signedParts.name }
    }

    private static func results<Value>(
        _ digests: String, _ contenders: [Contender<Value>], isChosen: (Value) -> Bool
    ) -> [Result] {
        let length = 64 << 10
        let times = leastTimes(of: contenders, length: length, rounds: 200)
        return zip(contenders, times).map { contender, nanoseconds in
            Result(
                digests: digests, name: contender.name, speed: Double(length) * 1000 / Double(max(nanoseconds, 1)),
                isChosen: isChosen(contender.value))
        }
    }
}
