import Testing

@testable import ContainerImages

/// What the front-end's apt gets to read of a container's lists of sources.
@Suite struct SourcesListTests {
    /// A mirror, a text, and what is made of it.
    private static let rows: [(mirror: String, text: String, converted: String)] = [
        ("", "deb http://h/debian stable main\n", "deb http://h/debian stable main\n"),
        ("http://m/x", "deb http://h/debian stable main # https://h", "deb http://m/x/debian stable main # http://m/x"),
        ("http://m", "deb http://h stable main", "deb http://m stable main"),
        (
            "", "deb [arch=amd64 signed-by=/a/k.gpg] http://h/d s m",
            "deb [arch=amd64 signed-by=COPY/a/k.gpg] http://h/d s m"
        ),
        (
            "http://m", "deb [ Signed-By=/a,/b.asc,0123ABCD arch=amd64 ] https://h/d s m",
            "deb [ Signed-By=COPY/a,COPY/b.asc,0123ABCD arch=amd64 ] http://m/d s m"
        ),
        (
            "http://m", "Types: deb\nURIs: http://h/d\n https://i/e\nSigned-By: /a /b\n /c\nSuites: /s\n /t\n",
            "Types: deb\nURIs: http://m/d\n http://m/e\nSigned-By: COPY/a COPY/b\n COPY/c\nSuites: /s\n /t\n"
        ),
        ("", "signed-by :/a\n", "signed-by :COPY/a\n"),
        ("", "Signed-By:\n -----BEGIN\n a/b+/c\n", "Signed-By:\n -----BEGIN\n a/b+/c\n"),
        ("", "# Signed-By: /a\ndeb [trusted=yes] http://h/d ./", "# Signed-By: /a\ndeb [trusted=yes] http://h/d ./"),
        ("", "deb store:/srv ./\ndeb http://h/store s m", "refused-store:\ndeb http://h/store s m"),
        (
            "http://m", "deb \"S%74o\"re:/srv ./\nURIs: http://h\n sto%52E:/",
            "refused-store:\nURIs: http://m\nrefused-store:"
        ),
        ("", "deb http://h/%zz%7 s%", "deb http://h/%zz%7 s%"),
        ("", "deb mirror+store:/l s m\nURIs:store:/l", "refused-store:\nrefused-store:"),
        (
            "", "# to restore: store:/l\ndeb http://a.store:80/ s m # restore: it\nURIs: http://store:80/",
            "# to restore: store:/l\ndeb http://a.store:80/ s m # restore: it\nURIs: http://store:80/"
        ),
        ("", "signed-by\nx é SIGNED-BY=/a", "signed-by\nx é SIGNED-BY=COPY/a"),
    ]

    @Test(arguments: rows.indices) func keysAreTheImagesAndServersTheMirrors(_ index: Int) throws {
        let row = Self.rows[index]
        let list = SourcesList(mirror: row.mirror) { "COPY" + $0 }
        #expect(try list.converted(row.text) == row.converted)
    }
}
