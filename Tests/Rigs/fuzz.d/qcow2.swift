import DriverProtocol
import Glibc
import ImageTransfer

/// Called by libFuzzer with each input: the beginning of an image is described, or refused with a printable error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let header = QcowHeader(bytes)
    precondition(header == QcowHeader(bytes.prefix(QcowHeader.size)), "more than the header counts")
    for format in ["raw", "qcow2", "vmdk"] {
        do {
            let description = try ImageDescription(format: format, head: bytes, length: UInt64(count), name: "it")
            switch format {
            case "raw": precondition(description?.virtualSize == UInt64(count))
            case "qcow2": precondition(header?.hasBackingFile == false && header?.hasDataFile == false)
            default: precondition(description == nil)
            }
        } catch {
            precondition(format == "qcow2")
            checkLine(error.description)
        }
    }
    return 0
}
