import Foundation
import Glibc
import TestSupport
import Testing

/// `market/one/check` and `market/linuxcontainers/check`.
@Suite struct CatalogCheckTests {
    private static let catalog = ["user", "attributes", "server", "catalog", "age"]
    private static let build = ["programs", "STAGING_DIR", "context packages", "BUILD_MODE"]

    /// Returns a catalog of so many apps, the newest of which is that old.
    private func catalog(_ kind: String, apps: Int, days: Int) -> [UInt8] {
        let newest = Date().addingTimeInterval(-86_400 * Double(days))
        let entries = (0..<apps).map { number in
            let date = newest.addingTimeInterval(-86_400 * Double(number))
            guard kind == "linuxcontainers" else {
                return """
                    {"_id": "\(number)", "name": "app \(number)", "creation_time": \(Int(date.timeIntervalSince1970)),
                     "files": [{"size": 1, "url": "http://127.0.0.1/x"}]}
                    """
            }
            let day = date.formatted(.iso8601.year().month().day().dateSeparator(.omitted))
            let path = "images/debian/\(number)/amd64/default/\(day)/rootfs.tar.xz"
            return """
                "debian:\(number):amd64:default": {"versions": {"\(day)_05:24": {"items": {"root.tar.xz": {
                  "ftype": "root.tar.xz", "path": "\(path)", "size": 1, "sha256": "\(String(repeating: "a", count: 64))"
                }}}}}
                """
        }.joined(separator: ", ")
        return Array((kind == "one" ? "{\"appliances\": [\(entries)]}" : "{\"products\": {\(entries)}}").utf8)
    }

    private func rest(_ kind: String) -> [String] { kind == "one" ? [] : Self.build }

    private func rig(_ kind: String) throws -> CatalogRig {
        let rig = try CatalogRig(kind)
        try rig.set("CONTEXT=\"NO\"\n")
        return rig
    }

    @Test(arguments: ["one", "linuxcontainers"]) func aCatalog(kind: String) throws {
        let rig = try rig(kind)
        let nginx = try Nginx(root: rig.served)
        let message = try rig.message(nginx.url(""), ["CACHE": "YES"])
        for (apps, words) in [(1, "1 app is listed\n"), (3, "3 apps are listed\n")] {
            try rig.serve(catalog(kind, apps: apps, days: 5))
            let outcome = try rig.act("check", message)
            expectCheck(outcome, ok: Self.catalog + rest(kind))
            #expect(outcome.output.contains("ok      catalog: \(words)"))
        }
        let days = kind == "one" ? 400 : 40
        try rig.serve(catalog(kind, apps: 2, days: days))
        expectCheck(
            try rig.act("check", message), ok: Self.catalog.dropLast() + rest(kind),
            notes: ["age": "days old: see whether ENDPOINT is kept up to date"])
        #expect(!FileManager.default.fileExists(atPath: rig.directory.path("var/market-drivers")))

        expectCheck(
            try rig.act("check", rig.message("http://127.0.0.1:1")), ok: ["user", "attributes"] + rest(kind),
            failed: ["server": "Failed to connect"], skipped: ["catalog"])
        try rig.serve("{\"appliances\": [".utf8)
        expectCheck(
            try rig.act("check", message), ok: ["user", "attributes", "server"] + rest(kind),
            failed: ["catalog": "it is cut"])
    }

    @Test(arguments: ["one", "linuxcontainers"]) func aCertificate(kind: String) throws {
        let rig = try rig(kind)
        try rig.serve(catalog(kind, apps: 1, days: 1))
        let certificate = try Certificate()
        let nginx = try Nginx(root: rig.served, certificate: certificate)
        expectCheck(
            try rig.act("check", rig.message(nginx.url(""))), ok: ["user", "attributes"] + rest(kind),
            failed: ["server": "set CA_FILE"], skipped: ["catalog"])
        expectCheck(
            try rig.act("check", rig.message(nginx.url(""), ["CA_FILE": certificate.authorityFile])),
            ok: (Self.catalog + rest(kind)).flatMap { $0 == "server" ? ["CA_FILE", $0] : [$0] },
            notes: ["TLS": "the certificate expires on 20"])
        let unchecked = try rig.act("check", rig.message(nginx.url(""), ["TLS_VERIFY": "NO"]))
        #expect(unchecked.output.contains("note    TLS: TLS_VERIFY is NO"))
        #expect(!unchecked.errors.contains("TLS_VERIFY"), "\(unchecked.errors)")
    }

    // MARK: What images are built with

    private func check(
        _ attributes: [String: String], through wrapper: [String] = []
    ) throws -> Outcome {
        let rig = try rig("linuxcontainers")
        let staging = try rig.directory.makeDirectory("staging")
        #expect(chmod(staging, 0o777) == 0)
        try rig.set("STAGING_DIR=\"\(staging)\"\n")
        try rig.serve(catalog("linuxcontainers", apps: 1, days: 1))
        let nginx = try Nginx(root: rig.served)
        try rig.directory.write("served/one-context_7.2.1-0.deb", [1])
        let message = try rig.message(nginx.url(""), ["CONTEXT_URL": nginx.url("/7.2.1-0")])
        let all = attributes.reduce(message) { message, attribute in
            message.with(
                "MARKETPLACE/TEMPLATE/" + attribute.key, attribute.value.replacing("SERVER", with: nginx.url("")))
        }
        let outcome = try run(
            wrapper.map { $0.replacing("STAGING", with: staging) } + Programs.action("market-linuxcontainers-check"),
            input: all.base64,
            environment: ["ONE_LOCATION": rig.directory.path])
        #expect(try rig.directory.names(in: "staging") == [])
        #expect(!FileManager.default.fileExists(atPath: rig.directory.path("var/market-drivers")))
        return outcome
    }

    /// Attributes, the name of a line, and its beginning.
    @Test(
        arguments: [
            (["CONTEXT_URL": "SERVER", "CONTEXT_VERSION": "7.2.1-0"], "ok      context packages: http://127.0.0.1:"),
            (["CONTEXT_URL": "SERVER", "CONTEXT_VERSION": "7.2.2-0"], "note    context packages: http://127.0.0.1:"),
            (
                ["CONTEXT_URL": "http://127.0.0.1:1/7.2.1-0"],
                "FAILED  context packages: Cannot fetch http://127.0.0.1:1/"
            ),
            (
                ["CONTEXT_PACKAGES": "/none/one-context.deb"],
                "FAILED  context packages: Cannot read the package '/none/one-context.deb'"
            ),
            (["CONTEXT": "NO"], "ok      context packages: CONTEXT is NO: none are needed"),
            (["CONTEXT": "NO"], "ok      BUILD_MODE: CONTEXT is NO: nothing is installed in images"),
            (["BUILD_MODE": "files"], "ok      BUILD_MODE: files of packages; apt-get"),
            (["IMAGE_SIZE_MB": "67108864"], "note    STAGING_DIR: "),
            (["FORMAT": "qcow2"], "ok      programs: all are there"),
            (["FILESYSTEM": "xfs"], "ok      programs: all are there"),
        ] as [([String: String], String)])
    func whatImagesAreBuiltWith(attributes: [String: String], line: String) throws {
        let outcome = try check(attributes)
        #expect(outcome.output.split(separator: "\n").contains { $0.hasPrefix(line) }, "\(outcome)")
    }

    /// Files that CONTEXT_PACKAGES may name, and what is said of them.
    @Test(
        arguments: [
            ("touch 'P'", "7d3f", "FAILED  context packages: Cannot read the package 'P': it is no ISO; "),
            ("mkdir 'P'", "7d3f", "FAILED  context packages: Cannot read the package 'P': it is a directory; "),
            ("mkdir 'P'", "a.deb", "FAILED  context packages: Cannot read the package 'P': it is a directory; "),
            ("mkfifo 'P'", "a.deb", "FAILED  context packages: Cannot read the package 'P': it is a "),
            ("mkfifo 'P'", "a.iso", "FAILED  context packages: Cannot read the package 'P': it is a "),
            ("ln -s none 'P'", "a.iso", "FAILED  context packages: Cannot read the package 'P': "),
            ("cp /bin/ls 'P'", "a.iso", "FAILED  context packages: Cannot read the package 'P': it is no ISO; "),
            (
                "echo > ls.deb && genisoimage -quiet -o 'P' ls.deb", "7d3f",
                "FAILED  context packages: Cannot read the package 'P': no file on it has a name that ends in .deb"
            ),
            (
                "echo > a && genisoimage -quiet -R -o 'P' a", "a.iso",
                "FAILED  context packages: Cannot read the package 'P': no file on it has a name that ends in .deb"
            ),
            (
                "echo > a.deb && genisoimage -quiet -R -o 'P' a.deb", "a.iso",
                "ok      context packages: 1 file of CONTEXT_PACKAGES can be read"
            ),
            (
                "echo > a.deb && genisoimage -quiet -R -o disc a.deb && ln -s disc 'P'", "a.iso",
                "ok      context packages: 1 file of CONTEXT_PACKAGES can be read"
            ),
            (
                "echo > a.deb && genisoimage -quiet -R -o 'P' a.deb && truncate -s 34000 'P'", "7d3f",
                "FAILED  context packages: Cannot read the package 'P': it has 34000 bytes of "
            ),
        ])
    func packagesThatAreFiles(making: String, name: String, line: String) throws {
        let folder = try TemporaryDirectory()
        let path = folder.path(name)
        let made = try run(["sh", "-c", "cd '\(folder.path)' && " + making.replacing("'P'", with: "'\(path)'")])
        #expect(made.status.isSuccess, "\(made)")
        let outcome = try check(["CONTEXT_PACKAGES": path])
        let expected = line.replacing("'P'", with: "'\(path)'")
        #expect(outcome.output.split(separator: "\n").contains { $0.hasPrefix(expected) }, "\(outcome)")
    }

    /// Programs that this machine has, taken away for the check alone.
    @Test(
        .enabled(if: geteuid() == 0),
        arguments: [
            ("mkfs.xfs", "FAILED  programs: Cannot build images: a program is missing: mkfs.xfs (package xfsprogs); "),
            ("sqfs2tar", "note    programs: some images need what is missing: sqfs2tar (package squashfs-tools-ng)"),
        ])
    func aProgramThatIsMissing(program: String, line: String) throws {
        let script = "mount --bind /dev/null \"$(command -v \(program))\" && exec \"$@\""
        let outcome = try check(["FILESYSTEM": "xfs"], through: ["unshare", "-m", "sh", "-c", script, "sh"])
        #expect(outcome.output.split(separator: "\n").contains { $0.hasPrefix(line) }, "\(outcome)")
    }

    @Test(.enabled(if: geteuid() == 0)) func aStagingDirectoryWithoutPrograms() throws {
        let script = "mount -t tmpfs -o noexec none 'STAGING' && exec \"$@\""
        let outcome = try check([:], through: ["unshare", "-m", "sh", "-c", script, "sh"])
        #expect(outcome.output.contains("it is mounted with noexec, and programs of images cannot run there"))
        #expect(outcome.output.contains("note    STAGING_DIR: "), "\(outcome)")
    }

    /// A user to whom /etc/subuid gives nothing.
    @Test(
        .enabled(if: geteuid() == 0),
        arguments: [
            ("auto", "note    BUILD_MODE: files of packages; "), ("files", "ok      BUILD_MODE: files of packages; "),
            ("namespace", "FAILED  BUILD_MODE: Cannot build an image of "),
        ])
    func aUserWithoutIDs(mode: String, line: String) throws {
        let outcome = try check(["BUILD_MODE": mode], through: LocalMarket.unprivileged)
        let found = outcome.output.split(separator: "\n").first { $0.contains("BUILD_MODE: ") } ?? ""
        #expect(found.hasPrefix(line), "\(outcome)")
        #expect(found.contains("gives the user nobody no 65536 subordinate ids") == (mode != "files"), "\(found)")
    }
}
