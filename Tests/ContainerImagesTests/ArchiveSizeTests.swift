import Testing

@testable import ContainerImages

/// Sizes of files in an archive, which may be any numbers.
@Suite struct ArchiveSizeTests {
    @Test func filesThatAreLongerThanAnyImage() throws {
        let line = "81a4 0 0 0 0 1 5 \(Int64.max) 0 ./file"
        let entry = try #require(TreeEntry(Array(line.utf8)[...]))
        let needed = XFSFileSystem.neededSize([entry, entry, entry, entry, entry], largest: entry.size)
        #expect(needed > ContainerImage.FileSystem.xfs.sizes.upperBound)
        #expect(XFSFileSystem.blocks(.max) == 1 << 52)
        #expect(Ext4FileSystem.neededSize(kibibytes: .max, files: 1 << 40) > 1 << 53)
    }
}
