import Bytes
import CChecksums
import COpenSSL
import DriverProtocol
import TestSupport
import Testing

@testable import Checksums

@Suite struct PartedChecksumsTests {
    /// RFC 1321, section A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"
        ),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ])
    func agreesWithTheStandard(_ text: String, _ expected: String) {
        #expect(hexadecimal(PartedChecksums.md5(of: Array(text.utf8))) == expected)
    }

    @Test(arguments: [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 4096, 1_048_576, 1_048_577, 3_000_000])
    func agreesWithTheSystem(_ count: Int) throws {
        let directory = try TemporaryDirectory()
        let bytes = TestFiles.noise(count)
        let path = try directory.write("file", bytes)
        #expect(try hexadecimal(PartedChecksums.md5(of: bytes)) == TestFiles.md5(path))
    }

    /// However the bytes come, each part and the whole have the digests that libcrypto gives them by themselves.
    @Test(arguments: Candidate.all) func partsAndWholeInOnePass(by candidate: Candidate) {
        guard candidate.isRun() else { return }
        var random = SeededGenerator.fresh()
        let large = (0..<20).map { _ in random.below(300_000) }
        for length in Array(0...300) + large {
            let bytes = TestFiles.noise(length, seed: UInt64(length))
            let partSize = PartedChecksums.blockSize * (1 + random.below(random.pick([1, 4, 2000])))
            var checksums = PartedChecksums(candidate)
            var part = bytes.prefix(partSize)
            while true {
                let rest = random.takeBlocks(of: part, into: &checksums)
                let found = rest.withUnsafeBytes { checksums.finishPart($0) }
                // A single stream is the whole's.
                if candidate.streams == 2 { #expect(found.md5 == libcrypto(EVP_md5(), part), "\(random.seed)") }
                let sha256 = candidate.hasSHA256 ? libcrypto(EVP_sha256(), part) : nil
                #expect(found.sha256 == sha256, "\(random.seed)")
                guard part.endIndex < length else {
                    let whole = rest.withUnsafeBytes { checksums.finish($0) }
                    #expect(whole == libcrypto(EVP_md5(), bytes[...]), "\(random.seed)")
                    break
                }
                part = bytes[part.endIndex...].prefix(partSize)
            }
        }
    }

    @Test(arguments: Candidate.all) func aStreamMayComeInAnyPieces(by candidate: Candidate) {
        guard candidate.isRun() else { return }
        check(candidate.name) { MD5Stream(candidate) }
    }

    @Test func libcryptosStreamMayComeInAnyPieces() {
        check("libcrypto") { LibcryptoDigest(EVP_md5())! }
        check("the fastest") { MD5Stream.fastest() }
    }

    private func check(_ name: String, _ stream: () -> any DigestStream) {
        for piece in [1, 7, 63, 64, 65, 1000] {
            for length in [0, 1, 55, 56, 63, 64, 65, 119, 120, 4095, 4096, 10_000] {
                let bytes = TestFiles.noise(length)
                let stream = stream()
                for start in Swift.stride(from: 0, to: length, by: piece) {
                    bytes[start..<min(start + piece, length)].withUnsafeBytes { stream.update($0) }
                }
                #expect(stream.finish() == libcrypto(EVP_md5(), bytes[...]), "\(name), \(length) by \(piece)")
            }
        }
    }

    /// A digest does not depend on the state that a stream begins with, nor do two streams on one another.
    @Test(arguments: Candidate.all.filter { $0.streams == 2 }) func twoStreamsAreIndependent(by candidate: Candidate) {
        guard candidate.isRun() else { return }
        for blocks in [1, 2, 1000] {
            let bytes = TestFiles.noise(blocks * PartedChecksums.blockSize)
            var start = checksums()
            start.md5 = ((0x6745_2301, 0xefcd_ab89), (1, 2), (3, 4), (5, 6))
            let first = md5Words(Candidate.plain, start, bytes)
            let second = md5Words(Candidate.plain, start.exchanged, bytes)
            let both = md5Words(candidate, start, bytes)
            #expect(both.map(\.0) == first.map(\.0))
            #expect(both.map(\.1) == second.map(\.0))
        }
    }

    private func md5Words(_ candidate: Candidate, _ start: checksums, _ bytes: [UInt8]) -> [(UInt32, UInt32)] {
        var state = start
        bytes.withUnsafeBytes { candidate.update(&state, $0) }
        let words = state.md5
        return [words.0, words.1, words.2, words.3]
    }

    /// SHA-256 beside MD5 costs little, but a hundred times as much if the compiler has put wide registers there.
    @Test(arguments: ["update_scalar_sha256", "update_avx512_sha256"]) func noRegisterIsWideBesideSHA256(
        _ function: String
    ) throws {
        guard Candidate.all.contains(where: \.hasSHA256) else { return }
        let program = Programs.path("digest-race")
        let code = try run(["objdump", "-d", "--disassemble=" + function, program]).output
        #expect(code.contains("sha256rnds2"))
        #expect(!code.contains("%ymm") && !code.contains("%zmm"))
    }
}

extension SeededGenerator {
    /// Puts all whole blocks into `checksums`, in pieces of any number of them. Returns the rest.
    fileprivate mutating func takeBlocks(of bytes: ArraySlice<UInt8>, into checksums: inout PartedChecksums) -> [UInt8]
    {
        var rest = bytes
        while rest.count >= PartedChecksums.blockSize {
            let blocks = 1 + below(rest.count / PartedChecksums.blockSize)
            rest.prefix(blocks * PartedChecksums.blockSize).withUnsafeBytes { checksums.update($0) }
            rest = rest.dropFirst(blocks * PartedChecksums.blockSize)
        }
        return Array(rest)
    }
}

extension Candidate: CustomTestStringConvertible {
    public var testDescription: String { name }

    /// Whether this processor has the instructions. Prints a line if not.
    fileprivate func isRun() -> Bool {
        if !runsHere { print("not run, since this processor lacks the instructions: \(name)") }
        return runsHere
    }
}

extension checksums {
    /// The two streams in each other's place.
    fileprivate var exchanged: checksums {
        let words = md5
        var exchanged = self
        exchanged.md5 = (
            (words.0.1, words.0.0), (words.1.1, words.1.0), (words.2.1, words.2.0), (words.3.1, words.3.0)
        )
        return exchanged
    }
}

/// EVP_Digest(3).
private func libcrypto(_ type: OpaquePointer?, _ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    bytes.withUnsafeBytes { _ = EVP_Digest($0.baseAddress, $0.count, &result, &length, type, nil) }
    return Array(result[..<Int(length)])
}
