import DriverProtocol
import TestSupport
import Testing

@testable import HTTP

struct TLSTests {
    private let certificate: Certificate
    private let rig: Rig

    init() throws {
        certificate = try Certificate()
        rig = try Rig(certificate: certificate)
    }

    @Test func aPrivateAuthorityIsRefusedAtFirst() throws {
        let error = try #require(throws: DriverError.self) { try rig.get("/image") }
        #expect(error.cause.contains("SSL certificate problem: unable to get local issuer certificate"))
        #expect(error.remedy.contains("CA_FILE"))
        #expect(error.remedy.contains("TLS_VERIFY"))
        #expect(rig.recorder.lines.isEmpty)
    }

    @Test func aPrivateAuthorityIsTrustedByItsFile() throws {
        let options = quick { $0.caFile = certificate.authorityFile }
        #expect(try rig.get("/image", options).body == rig.content)
        #expect(try rig.download("/~cut=50000,3", options).readAll() == rig.content)
    }

    @Test func anotherAuthorityIsNotEnough() throws {
        let other = try Certificate()
        #expect(throws: DriverError.self) { try rig.get("/image", quick { $0.caFile = other.authorityFile }) }
    }

    @Test func theNameMustMatch() throws {
        let other = try Certificate(names: "DNS:elsewhere.example")
        let nginx = try Nginx(root: rig.directory.path, certificate: other)
        let client = HTTPClient(options: quick { $0.caFile = other.authorityFile })
        let error = try #require(throws: DriverError.self) { try client.get(web(nginx.url("/image"))) }
        #expect(error.cause.contains("127.0.0.1"))
        #expect(error.cause.contains("SSL"))
    }

    @Test func nginxServesWithTLS() throws {
        let nginx = try Nginx(root: rig.directory.path, certificate: certificate)
        let options = quick { $0.caFile = certificate.authorityFile }
        let download = HTTPDownload(url: web(nginx.url("/image")), options: options, log: rig.recorder.log)
        #expect(try download.readAll() == rig.content)
    }

    @Test func verificationCanBeTurnedOff() throws {
        #expect(try rig.get("/image", quick { $0.verifyTLS = false }).body == rig.content)
    }

    @Test func aMissingAuthorityFileIsNamed() throws {
        let options = quick { $0.caFile = rig.directory.path("missing.pem") }
        let error = try #require(throws: DriverError.self) { try rig.get("/image", options) }
        #expect(error.remedy.contains("CA_FILE"))
        #expect(error.cause.contains("missing.pem"))
    }

    @Test func aServerWithoutTLSIsToldAsOne() throws {
        let plain = try Rig(size: 10)
        let url = plain.server.url("/image").replacing("http:", with: "https:")
        let error = try #require(throws: DriverError.self) { try HTTPClient(options: quick()).get(web(url)) }
        #expect(error.remedy.contains("speaks TLS"))
    }
}
