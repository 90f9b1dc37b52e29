import Testing

@testable import ContainerImages

/// What getfattr(1) prints.
@Suite struct FileAttributeTests {
    @Test func readsAttributesOfFiles() {
        let dump = """
            # file: usr/bin/ping
            security.capability=0x0100000200200000
            user.note=0x68690a
            user.empty

            # file: ./etc/a\\040b\\134\\012c\\377
            user.x=0x

            # file: .
            user.top=0x61

            """
        let read = ContainerTree.attributes(dump: Array(dump.utf8))
        #expect(
            read == [
                ExtendedAttribute(
                    path: Array("usr/bin/ping".utf8), name: "security.capability", value: [1, 0, 0, 2, 0, 0x20, 0, 0]),
                ExtendedAttribute(path: Array("usr/bin/ping".utf8), name: "user.note", value: Array("hi\n".utf8)),
                ExtendedAttribute(path: Array("etc/a b\\\nc".utf8) + [0xFF], name: "user.x", value: []),
                ExtendedAttribute(path: [], name: "user.top", value: [0x61]),
            ])
    }
}
