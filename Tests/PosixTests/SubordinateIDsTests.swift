import Testing

@testable import Posix

@Suite struct SubordinateIDsTests {
    @Test(
        arguments: [
            ("one:100000:65536", 100_000), ("two:1:65536\none:200000:65536\n", 200_000), ("1001:300000:65536", 300_000),
            // Too few, or no ids at all.
            ("one:100000:65535", nil), ("one:100000:65535\none:400000:131072", 400_000), ("", nil),
            ("one:0:65536", nil),
            ("onemore:100000:65536", nil), ("one:4294967290:65536", nil), ("one:x:65536", nil), ("one:100000", nil),
            ("one:99999999999999999999:65536", nil),
        ] as [(String, UInt32?)]) func readsThoseOfAUser(_ text: String, _ first: UInt32?)
    {
        #expect(SubordinateIDs.first(of: ["one", "1001"], in: text) == first)
    }

    /// Those of systemd-nspawn's last container, or the last that a container's root has.
    @Test(
        arguments: [
            ("         0          0 4294967295\n", 0x6FFE_0000), ("0 100000 131072", 65536), ("0 100000 65536", nil),
            ("0 1001 1", nil), ("0 1 10\n10 100 200000", 10 + 200_000 - 65536), ("", nil), ("0 0 x", nil),
            ("4294967295 0 4294967295", nil),
        ] as [(String, UInt32?)]) func takesForRootWhatNobodyHas(_ map: String, _ first: UInt32?)
    {
        #expect(SubordinateIDs.free(in: map) == first)
    }

    @Test func givesAContainersProgramsNothingOfItsUser() {
        let ids = SubordinateIDs(firstUser: 100_000, firstGroup: 200_000, user: 1001, group: 1002)
        #expect(ids.maps(includesOwn: false).users.split(separator: " ") == ["0", "100000", "65536"])
        #expect(
            ids.maps(includesOwn: true).groups.split(separator: " ") == ["0", "200000", "65536", "65536", "1002", "1"])
    }
}
