import CMD5
import DriverProtocol
import TestSupport
import Testing

@testable import MD5

@Suite struct PartedMD5Tests {
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
        #expect(hexadecimal(PartedMD5.of(Array(text.utf8))) == expected)
    }

    @Test(arguments: [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 4096, 1_048_576, 1_048_577, 3_000_000])
    func agreesWithTheSystem(_ count: Int) throws {
        let directory = try TemporaryDirectory()
        let bytes = TestFiles.noise(count)
        let path = try directory.write("file", bytes)
        #expect(try hexadecimal(PartedMD5.of(bytes)) == TestFiles.md5(path))
    }

    /// However the bytes come, each part and the whole have the digests that they have by themselves.
    @Test(arguments: [64, 128, 4096, 65_536])
    func partsAndWholeInOnePass(_ partSize: Int) {
        for length in [0, 1, partSize - 1, partSize, partSize + 1, 3 * partSize, 3 * partSize + 17] {
            let bytes = TestFiles.noise(length)
            var digest = PartedMD5()
            var parts: [[UInt8]] = []
            var expected: [[UInt8]] = []
            var offset = 0
            var rest = ArraySlice(bytes)
            repeat {
                let part = bytes[offset..<min(offset + partSize, length)]
                let whole = part.count - part.count % PartedMD5.blockSize
                // In two steps, the first of one block where there is one.
                for slice in [part.prefix(min(whole, 64)), part.prefix(whole).dropFirst(64)] {
                    Array(slice).withUnsafeBytes { digest.update($0) }
                }
                rest = part.dropFirst(whole)
                parts.append(Array(rest).withUnsafeBytes { digest.finishPart($0) })
                expected.append(PartedMD5.of(Array(part)))
                offset += partSize
            } while offset < length
            #expect(parts == expected)
            #expect(Array(rest).withUnsafeBytes { digest.finish($0) } == PartedMD5.of(bytes))
        }
    }

    @Test(arguments: [1, 7, 63, 64, 65, 1000]) func aStreamMayComeInAnyPieces(_ piece: Int) {
        for length in [0, 1, 64, 65, 4095, 4096, 10_000] {
            let bytes = TestFiles.noise(length)
            var stream = MD5Stream()
            for start in Swift.stride(from: 0, to: length, by: piece) {
                bytes[start..<min(start + piece, length)].withUnsafeBytes { stream.update($0) }
            }
            #expect(stream.finish() == PartedMD5.of(bytes))
        }
    }

    /// What a processor without AVX-512 computes.
    @Test(arguments: [1, 2, 1000]) func plainInstructionsComputeTheSame(_ blocks: Int) {
        let bytes = TestFiles.noise(blocks * PartedMD5.blockSize)
        let start: (UInt32, UInt32) = (0x6745_2301, 0xefcd_ab89)
        var plain = cmd5_pair(words: (start, (1, 2), (3, 4), (5, 6)))
        var best = plain
        cmd5_update_plain(&plain, bytes, blocks)
        cmd5_update(&best, bytes, blocks)
        withUnsafeBytes(of: &plain) { plain in
            withUnsafeBytes(of: &best) { best in
                #expect(Array(plain) == Array(best))
            }
        }
    }

}
