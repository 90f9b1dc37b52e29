import Testing

@testable import ContainerImages

/// What the front-end's package manager gets to read of a container's `.repo` files.
@Suite struct RepositoryListTests {
    private func converted(_ text: String, mirror: String = "") throws -> String {
        try RepositoryList(mirror: mirror) { "/var/tmp/a b/keys" + $0 }.converted(text)
    }

    @Test func keepsServersAndTheImagesKeys() throws {
        let text = """
            # made by hand
            [baseos]
            name=Rocky $releasever - BaseOS
            mirrorlist = https://mirrors.example/list?arch=$basearch&repo=BaseOS
            #baseurl=http://dl.example/$contentdir/BaseOS
            enabled=1
            gpgcheck=1
            gpgkey=file:///etc/pki/rpm-gpg/KEY-$releasever,https://keys.example/k

            [more]
            baseurl=http://one.example/x
                https://two.example/x file:///srv/x

            """
        #expect(
            try converted(text) == """
                [baseos]
                name=Rocky $releasever - BaseOS
                mirrorlist=https://mirrors.example/list?arch=$basearch&repo=BaseOS
                enabled=1
                gpgcheck=1
                gpgkey=file:///var/tmp/a%20b/keys/etc/pki/rpm-gpg/KEY-$releasever https://keys.example/k
                [more]
                baseurl=http://one.example/x
                    https://two.example/x

                """)
    }

    @Test func putsTheMirrorInPlaceOfTheServers() throws {
        let text = """
            [baseos]
            mirrorlist=https://mirrors.example/list
            metalink=https://mirrors.example/link
            # baseurl = http://dl.example/$contentdir/BaseOS
            gpgkey=file:///etc/KEY

            """
        #expect(
            try converted(text, mirror: "http://near.example:81") == """
                [baseos]
                baseurl=http://near.example:81/$contentdir/BaseOS
                gpgkey=file:///var/tmp/a%20b/keys/etc/KEY

                """)
    }

    @Test(arguments: [
        "[main]\npluginpath=/etc\nplugins=1", "baseurl=http://h/x", "[x]\nbaseurl=plugin:run?arg=1",
        "[x]\nbaseurl=dir:///etc", "[x]\ngpgkey=file:///etc/$x/KEY", "[x]\ngpgkey=file:///etc/..",
        "[x]\ngpgkey=file:///etc/", "[x]\nproxy=http://h:1\n password=x",
        "[x]\nsslclientkey=/etc/key", "[x]\ninclude=file:///etc/passwd", "[x]\n#gpgcheck=0", "[a\u{7}b]\nname=x",
    ]) func takesNothingElse(_ text: String) throws {
        let kept = try converted(text)
        #expect(kept.isEmpty || kept == "[x]\n", "\(kept)")
    }
}
