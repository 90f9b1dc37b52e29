import Bytes
import DriverProtocol
import Posix
import TestSupport

@testable import HTTP

/// Lines that a log was given.
final class LogRecorder: Sendable {
    private let recorded = Locked<[String]>([])

    var lines: [String] { recorded.update { $0 } }
    var log: Log { Log(action: "test", id: "1") { line in self.recorded.update { $0.append(line) } } }
}

/// Options with short waits.
func quick(_ change: (inout HTTPOptions) -> Void = { _ in }) -> HTTPOptions {
    var options = HTTPOptions()
    options.retryDelay = 0.01
    options.connectTimeout = 5
    options.stallTimeout = 10
    change(&options)
    return options
}

/// A fault server with one file of `size` bytes, `/image`.
struct Rig {
    let directory: TemporaryDirectory
    let server: FaultServer
    let content: [UInt8]
    let recorder = LogRecorder()

    init(size: Int = 200_000, certificate: Certificate? = nil, proxy: String? = nil) throws {
        directory = try TemporaryDirectory()
        content = TestFiles.noise(size)
        try directory.write("image", content)
        server = try FaultServer(root: directory.path, certificate: certificate, proxy: proxy)
    }

    func download(_ behaviours: String = "", _ options: HTTPOptions = quick()) -> HTTPDownload {
        HTTPDownload(url: web(server.url(behaviours + "/image")), options: options, log: recorder.log)
    }

    func get(_ path: String, _ options: HTTPOptions = quick(), limit: Int = 1 << 20) throws -> HTTPResponse {
        try HTTPClient(options: options, log: recorder.log).get(web(server.url(path)), bodyLimit: limit)
    }
}

func web(_ url: String) -> WebURL { WebURL(url)! }

extension HTTPClient {
    /// The answer to one attempt. Throws why there was none.
    func once(
        _ method: HTTPMethod, _ url: String, headers: HTTPHeaders = [:], body: [UInt8]? = nil
    ) throws -> HTTPResponse {
        func answer(_ body: UnsafeRawBufferPointer?) throws -> HTTPResponse {
            switch try attempt(method, web(url), headers: headers, body: body) {
            case .answer(let answer): return answer
            case .failure(let failure, _): throw failure
            }
        }
        return try body.map { try $0.withUnsafeBytes(answer) } ?? answer(nil)
    }
}

extension HTTPDownload {
    /// All that is left of it.
    func readAll() throws -> [UInt8] {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try chunk.withUnsafeMutableBytes { try read(into: $0) }
            if count == 0 { return all }
            all += chunk[..<count]
        }
    }
}

/// A URL in the form that the fault server's `~to` wants.
func hexadecimal(_ text: String) -> String {
    hexadecimal(text.utf8)
}
