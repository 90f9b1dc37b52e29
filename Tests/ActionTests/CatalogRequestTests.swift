import DriverProtocol
import Posix
import TestSupport
import Testing

/// Fetching the two public catalogs from servers that misbehave.
@Suite struct CatalogRequestTests {
    private static let kinds = ["one", "linuxcontainers"]

    private func rig(_ kind: String) throws -> CatalogRig {
        let rig = try CatalogRig(kind)
        try rig.serveRecorded()
        return rig
    }

    /// Checks that a monitor has listed all of its catalog, whose apps have names of their own.
    private func expectAll(
        _ outcome: Outcome, _ rig: CatalogRig, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(outcome.status == .exited(0), "\(outcome.errors)", sourceLocation: sourceLocation)
        let names = try Set(outcome.apps().compactMap { $0["NAME"] })
        #expect(names.count == rig.recordedApps, sourceLocation: sourceLocation)
    }

    /// The server misbehaves, but the catalog can be had.
    @Test(
        arguments: kinds,
        [
            "~redirect=301,1", "~redirect=302,1", "~redirect=302,5", "~gzip", "~chunked", "~chunked/~gzip",
            "~cut=1000,1", "~cut=1000,1/~reset", "~status=503,1", "~slow=600000",
        ])
    func getsThroughToTheCatalog(_ kind: String, _ behaviour: String) throws {
        let rig = try rig(kind)
        let server = try FaultServer(root: rig.served)
        try expectAll(rig.monitor(server.url("/\(behaviour)")), rig)
    }

    @Test(
        arguments: kinds,
        [
            ("~status=404", "HTTP 404"), ("~status=500", "HTTP 500"), ("~redirect=302,20", "redirect"),
            ("~cut=1000", "1000"), ("~status=503/~retry-after=1", "HTTP 503"),
        ])
    func failsWhereTheServerDoes(_ kind: String, _ fault: (behaviour: String, part: String)) throws {
        let rig = try rig(kind)
        let server = try FaultServer(root: rig.served)
        expectRefusal(try rig.monitor(server.url("/\(fault.behaviour)")), [fault.part])
    }

    @Test(arguments: kinds) func tellsThatNobodyAnswers(_ kind: String) throws {
        expectRefusal(try rig(kind).monitor("http://127.0.0.1:1"), ["127.0.0.1:1", "connect"])
    }

    @Test(arguments: kinds) func trustsTheMarketsAuthorityAlone(_ kind: String) throws {
        let rig = try rig(kind)
        let certificate = try Certificate()
        let server = try Nginx(root: rig.served, certificate: certificate)
        expectRefusal(try rig.monitor(server.url("")), ["certificate", "CA_FILE"])
        try expectAll(rig.monitor(server.url(""), ["CA_FILE": certificate.authorityFile]), rig)
        let unverified = try rig.monitor(server.url(""), ["TLS_VERIFY": "no"])
        try expectAll(unverified, rig)
        #expect(unverified.warnings.count == 1)
    }

    @Test(arguments: kinds) func goesThroughAProxyUnlessToldNotTo(_ kind: String) throws {
        let rig = try rig(kind)
        let server = try Nginx(root: rig.served)
        let proxy = try FaultServer(root: rig.served, proxy: "user:secret")
        let variable = "http://user:secret@127.0.0.1:\(proxy.port)"
        try expectAll(rig.monitor(server.url(""), environment: ["http_proxy": variable]), rig)
        let asked = try proxy.requests().count
        #expect(asked > 0)
        for exception in ["127.0.0.1", "*", "10.0.0.1,127.0.0.0/8"] {
            let around = ["http_proxy": variable, "no_proxy": exception]
            try expectAll(rig.monitor(server.url(""), environment: around), rig)
            #expect(try proxy.requests().count == asked, "\(exception)")
        }
    }

    @Test(arguments: kinds) func tellsThatAProxyWantsOtherCredentials(_ kind: String) throws {
        let rig = try rig(kind)
        let server = try Nginx(root: rig.served)
        let proxy = try FaultServer(root: rig.served, proxy: "user:secret")
        let variable = "http://user:wrong@127.0.0.1:\(proxy.port)"
        let outcome = try rig.monitor(server.url(""), environment: ["http_proxy": variable])
        expectRefusal(outcome, ["407"])
        #expect(!outcome.errors.contains("wrong"))
    }

    @Test(arguments: kinds) func goesThroughAProxyToATLSServer(_ kind: String) throws {
        let rig = try rig(kind)
        let certificate = try Certificate()
        let server = try Nginx(root: rig.served, certificate: certificate)
        let proxy = try FaultServer(root: rig.served, proxy: "user:secret")
        let environment = ["https_proxy": "http://user:secret@127.0.0.1:\(proxy.port)"]
        let outcome = try rig.monitor(
            server.url(""), ["CA_FILE": certificate.authorityFile], environment: environment)
        try expectAll(outcome, rig)
        #expect(try proxy.requests().map(\.method).contains("CONNECT"))
    }
}
