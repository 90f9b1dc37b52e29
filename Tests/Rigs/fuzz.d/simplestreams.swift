import DriverProtocol
import Glibc

@testable import Catalog

/// Called by libFuzzer with each input: a catalog of images is read, or refused with a printable cause, and everything
/// accepted can be part of a SOURCE.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    var paths: [String] = []
    do {
        var document = CatalogDocument(url: WebURL("http://catalog.example")!, bytes: bytes)
        try SimpleStreams.read(&document, architectures: ["amd64", "arm64"]) { product in
            precondition(["amd64", "arm64"].contains(product.architecture))
            precondition((product.built ?? 0) >= 0 && (product.file == nil || product.built != nil))
            if let file = product.file {
                check(file)
                paths.append(file.path)
            }
        }
    } catch {
        checkCause((error as? AppReport.Unusable)?.reason ?? "\(error)")
        return 0
    }
    for path in paths.prefix(3) {
        // The file that a product names is found again when its app is exported.
        var document = CatalogDocument(url: WebURL("http://catalog.example")!, bytes: bytes)
        guard let found = try? SimpleStreams.file(at: path, in: &document) else { fatalError("a path is lost") }
        precondition(found.path == path)
        check(found)
    }
    return 0
}

private func check(_ file: SimpleStreams.File) {
    if let sha256 = file.sha256 {
        precondition(sha256.utf8.count == 64 && sha256 == sha256.lowercased())
    }
    guard let fault = SimpleStreams.fault(in: file.path) else {
        precondition(isSafeInURL(file.path) && !file.path.isEmpty && file.path.utf8.count <= 512)
        precondition(!file.path.hasPrefix("/") && !file.path.split(separator: "/").contains(".."))
        return
    }
    checkLine(fault)
}
