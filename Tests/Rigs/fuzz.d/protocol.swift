import DriverProtocol
import XML

/// Called by libFuzzer with each input: everything that reads bytes from outside must read or refuse them, with an
/// error of one safe line, and must read back its own output.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        let element = try XMLParser.parse(bytes)
        precondition(element.range.upperBound <= bytes.count)
    } catch {
        precondition(error.offset <= bytes.count)
        checkCause("\(error)")
    }
    do {
        let message = try Message(text: bytes)
        _ = try message.number(.appID)
        _ = try message.flag(.optional("MARKETPLACE/TEMPLATE/TLS_VERIFY", default: "YES", ""))
    } catch {
        checkLine(error.description)
    }
    if let decoded = Base64.decode(bytes) {
        precondition(Base64.decode(Base64.encode(decoded)) == decoded)
    }
    precondition(Base64.decode(Base64.encode(bytes)) == bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    checkTemplate(text)
    checkLine(oneLine(text))
    return 0
}

private func checkTemplate(_ text: String) {
    do {
        _ = try Template(parsing: text)
    } catch {
        checkLine(oneLine("\(error)"))
    }
    var template = Template()
    template.append("A", text)
    template.append("B", vector: [("C", text), ("D", text)])
    let expected = Template.representable(text)
    guard let read = try? Template(parsing: template.text), read["A"]?.utf8.elementsEqual(expected.utf8) == true,
        case .vector(let pairs) = read.attributes[1].value, pairs[1].value.utf8.elementsEqual(expected.utf8)
    else { fatalError("a template does not read back") }
    let document = "<A>" + XMLText.characterData(text) + "</A>"
    guard (try? XMLParser.parse(Array(document.utf8))) != nil else { fatalError("character data does not read back") }
}
