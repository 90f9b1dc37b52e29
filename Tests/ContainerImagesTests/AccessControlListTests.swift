import Testing

@testable import ContainerImages

@Suite struct AccessControlListTests {
    private typealias Entry = AccessControlList.Entry

    private func parsed(_ text: String) -> AccessControlList? {
        AccessControlList(text: text) { tag, name in ["bob": tag == .user ? 1000 : 2000][name] }
    }

    private let expected = [
        Entry(tag: .owner, permissions: 6), Entry(tag: .user, permissions: 7, id: 5),
        Entry(tag: .user, permissions: 4, id: 1000), Entry(tag: .owningGroup, permissions: 4),
        Entry(tag: .group, permissions: 0, id: 2000), Entry(tag: .mask, permissions: 7),
        Entry(tag: .others, permissions: 1),
    ]

    /// As GNU's tar, libarchive, and star write it.
    @Test(arguments: [
        "user::rw-\nuser:bob:r--\nuser:5:rwx\ngroup::r--\ngroup:bob:---\nmask::rwx\nother::--x\n",
        "user::rw-,group::r--,other::--x,user:bob:r--:1000,user:root:rwx:5,group:x:---:2000,mask::rwx",
        "u::rw\nu:5:rwx\t#effective:r--\nuser:bob:r--\n# a comment\n\ng::r\ng:bob:-\nm:rwx\no:x\0",
        "default:user::rw-,d:user:bob:r--,default:user:5:xwr,default:group::r--,default:group:bob:---,default:mask::rwx,"
            + "default:other::--x",
    ]) func readsWords(_ text: String) throws {
        let list = try #require(parsed(text))
        #expect(list.entries == expected && !list.isMode)
        #expect(AccessControlList(value: list.value) == list)
    }

    @Test func writesWhatTheKernelTakes() throws {
        let list = try #require(parsed("user::rw-,user:258:r--,group::---,other::r-x"))
        let ones: [UInt8] = [255, 255, 255, 255]
        #expect(
            list.value == [2, 0, 0, 0] + [1, 0, 6, 0] + ones + [2, 0, 4, 0, 2, 1, 0, 0] + [4, 0, 0, 0] + ones
                // The missing mask lets everything through that the others allow.
                + [16, 0, 4, 0] + ones + [32, 0, 5, 0] + ones)
        #expect(parsed("user::rwx,group::r-x,other::r-x")?.isMode == true)
    }

    @Test(arguments: [
        "", "user::rw-", "user::rw-,group::r--", "user::rw-,group::r--,other::r--,user:alice:r--", "owner@:rwx::allow",
        "user::rw-,user::r--,group::r--,other::r--", "user::rw-,group::r--,other::rz-",
        "user::rw-,group::r--,other:::r--",
        "user::rw-,group::r--,other::r--,user:4294967295:r--", "user::rw-,group::r--,other::r--,mask:bob:r--",
        "user::rw-,group::r--,other::r--,user:5:r--,user:5:rw-",
    ]) func refusesWhatIsNone(_ text: String) {
        #expect(parsed(text) == nil)
    }

    @Test(
        arguments: [
            [], [2, 0, 0, 0], [1, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255], [2, 0, 0, 0, 1, 0, 6],
            [2, 0, 0, 0, 3, 0, 6, 0, 0, 0, 0, 0, 4, 0, 6, 0, 0, 0, 0, 0, 32, 0, 6, 0, 0, 0, 0, 0],
            [2, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0, 0, 4, 0, 6, 0, 0, 0, 0, 0, 32, 0, 6, 0, 0, 0, 0, 0],
        ] as [[UInt8]]) func refusesValuesThatAreNone(_ value: [UInt8])
    {
        #expect(AccessControlList(value: value) == nil)
    }
}
