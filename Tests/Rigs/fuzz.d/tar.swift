import DriverProtocol
import Glibc

@testable import ContainerImages

/// Called by libFuzzer with each input: an archive is accepted or refused with a printable cause, the same however it
/// is divided, and nothing of it lies outside.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    guard count > 1 else { return 0 }
    let piece = Int(start[0]) + 1
    let archive = withChecksums(Array(UnsafeBufferPointer(start: start + 1, count: count - 1)))
    let (whole, fault) = scan(archive, pieces: archive.count)
    let (divided, otherFault) = scan(archive, pieces: piece)
    precondition(fault == otherFault && whole.count == divided.count && whole.attributes.all == divided.attributes.all)
    if let fault { checkCause(fault.reason) }
    precondition(whole.count <= archive.count / 512)
    for attribute in whole.attributes.all {
        let parts = attribute.path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        precondition(attribute.path.isEmpty || !parts.contains { $0.isEmpty || $0.elementsEqual("..".utf8) })
    }
    return 0
}

private func scan(_ archive: [UInt8], pieces size: Int) -> (TarScanner, TarScanner.Fault?) {
    var scanner = TarScanner()
    let fault = archive.withUnsafeBytes { bytes -> TarScanner.Fault? in
        do throws(TarScanner.Fault) {
            var offset = 0
            while offset < bytes.count {
                let end = min(offset + size, bytes.count)
                try scanner.update(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
                offset = end
            }
            try scanner.finish()
            return nil
        } catch { return error }
    }
    return (scanner, fault)
}

/// Returns the archive with the right checksum in each block that ends its checksum field as a header does: otherwise
/// no mutated header would be read.
private func withChecksums(_ archive: [UInt8]) -> [UInt8] {
    var archive = archive
    for start in stride(from: 0, to: archive.count - 511, by: 512) where archive[start + 155] == 0x20 {
        for index in start + 148..<start + 156 { archive[index] = 0x20 }
        var sum = archive[start..<start + 512].reduce(0) { $0 + Int($1) }
        for index in (start + 148..<start + 154).reversed() {
            archive[index] = UInt8(0x30 + sum % 8)
            sum /= 8
        }
        archive[start + 154] = 0
    }
    return archive
}
