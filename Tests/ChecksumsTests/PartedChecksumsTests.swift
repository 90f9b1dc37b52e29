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
    @Test(arguments: [false, true]) func partsAndWholeInOnePass(withSHA256: Bool) {
        var random = SeededGenerator.fresh()
        let large = (0..<20).map { _ in random.below(300_000) }
        for length in Array(0...300) + large {
            let bytes = TestFiles.noise(length, seed: UInt64(length))
            let partSize = PartedChecksums.blockSize * (1 + random.below(random.pick([1, 4, 2000])))
            var checksums = PartedChecksums(withSHA256: withSHA256)
            var part = bytes.prefix(partSize)
            while true {
                let rest = random.takeBlocks(of: part, into: &checksums)
                let found = rest.withUnsafeBytes { checksums.finishPart($0) }
                #expect(found.md5 == libcrypto(EVP_md5(), part), "\(random.seed)")
                // Nil where the processor cannot: libcrypto computes it then.
                let hasSHA256 = withSHA256 && PartedChecksums.hasSHA256
                #expect(found.sha256 == (hasSHA256 ? libcrypto(EVP_sha256(), part) : nil), "\(random.seed)")
                guard part.endIndex < length else {
                    let whole = rest.withUnsafeBytes { checksums.finish($0) }
                    #expect(whole == libcrypto(EVP_md5(), bytes[...]), "\(random.seed)")
                    break
                }
                part = bytes[part.endIndex...].prefix(partSize)
            }
        }
    }

    @Test(arguments: [1, 7, 63, 64, 65, 1000]) func aStreamMayComeInAnyPieces(_ piece: Int) {
        for length in [0, 1, 64, 65, 4095, 4096, 10_000] {
            let bytes = TestFiles.noise(length)
            var stream = MD5Stream()
            for start in Swift.stride(from: 0, to: length, by: piece) {
                bytes[start..<min(start + piece, length)].withUnsafeBytes { stream.update($0) }
            }
            #expect(stream.finish() == PartedChecksums.md5(of: bytes))
        }
    }

    /// What processors with fewer instructions compute.
    @Test(arguments: [1, 2, 1000]) func allInstructionsComputeTheSame(_ blocks: Int) {
        let bytes = TestFiles.noise(blocks * PartedChecksums.blockSize)
        var start = checksums()
        start.md5 = ((0x6745_2301, 0xefcd_ab89), (1, 2), (3, 4), (5, 6))
        var states = [start, start, start]
        checksums_update_plain(&states[0], bytes, blocks)
        checksums_update(&states[1], bytes, blocks)
        if PartedChecksums.hasSHA256 {
            checksums_update_with_sha256(&states[2], bytes, blocks)
        } else {
            checksums_update(&states[2], bytes, blocks)
        }
        let md5s = states.map { state in withUnsafeBytes(of: state.md5) { Array($0) } }
        #expect(md5s[0] == md5s[1] && md5s[0] == md5s[2])
    }

    /// SHA-256 beside MD5 costs a fifth more, and a hundred times as much where the compiler has put wide registers there.
    @Test func noRegisterIsWideBesideSHA256() throws {
        let program = Programs.directory + "/market-s3-import"
        let code = try run(["objdump", "-d", "--disassemble=checksums_update_with_sha256", program]).output
        #expect(code.contains("<checksums_update_with_sha256>:"))
        #expect(PartedChecksums.hasSHA256 == false || code.contains("sha256rnds2"))
        #expect(!code.contains("%ymm") && !code.contains("%zmm"))
    }
}

extension SeededGenerator {
    /// Puts all whole blocks into `checksums`, in pieces of any number of them: what is left.
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

/// EVP_Digest(3).
private func libcrypto(_ type: OpaquePointer?, _ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    bytes.withUnsafeBytes { _ = EVP_Digest($0.baseAddress, $0.count, &result, &length, type, nil) }
    return Array(result[..<Int(length)])
}
