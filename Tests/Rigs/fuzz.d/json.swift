import DriverProtocol
import Glibc

@testable import JSON

/// Called by libFuzzer with each input: reading a value, passing over it and reading it piece by piece must agree on
/// whether it is one, and everything that is kept must be reachable.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let read = outcome(bytes) { reader in visit(try reader.value(), depth: 0) }
    precondition(outcome(bytes) { try $0.skip() } == read, "reading and passing over differ")
    precondition(outcome(bytes) { try walk(&$0) } == read, "reading and walking differ")
    precondition(outcome(bytes) { _ = try $0.value(members: ["a", "name"]) } == read, "reading parts differs")
    return 0
}

/// Whether the bytes are a document.
private func outcome(_ bytes: [UInt8], _ body: (inout JSONReader) throws -> Void) -> Bool {
    var bytes = bytes
    JSONReader.repair(&bytes)
    do {
        try bytes.withUnsafeMutableBufferPointer { try JSONReader.read($0, body) }
        return true
    } catch {
        if let error = error as? JSONError { precondition(error.offset >= 0 && error.offset <= bytes.count) }
        checkCause("\(error)")
        return false
    }
}

private func visit(_ value: JSONValue?, depth: Int) {
    guard let value else { return }
    precondition(depth <= JSONReader.maximumDepth)
    _ = value["a"]
    if let text = value.scalar { precondition(text.utf8.count == value.utf8?.count, "a text that is no UTF-8") }
    for element in value.elements { visit(element, depth: depth + 1) }
    for member in value.members {
        precondition(member.name.text != nil)
        visit(member.value, depth: depth + 1)
    }
}

private func walk(_ reader: inout JSONReader) throws {
    var depth = 0
    try walk(&reader, &depth)
}

private func walk(_ reader: inout JSONReader, _ depth: inout Int) throws {
    depth += 1
    defer { depth -= 1 }
    // No further down than the stack has room for: the drivers walk through known levels alone.
    if depth < 200 {
        if try reader.members({ _, inner in try walk(&inner, &depth) }) { return }
        if try reader.elements({ inner in try walk(&inner, &depth) }) { return }
    }
    try reader.skip()
}
