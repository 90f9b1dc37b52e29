import DriverProtocol

/// The lines that oned reads, with their line feeds.
enum Answer {
    static let initialized = Array("INIT SUCCESS - -\n".utf8)

    /// Returns the answer to a request that has been done; `output` is its action's standard output.
    static func success(_ verb: Verb, _ id: Int, output: [UInt8]) -> [UInt8] {
        let payload = output.isEmpty ? [UInt8(ascii: "-")] : Base64.encode(output)
        var line = Array("\(verb.rawValue) SUCCESS \(id) ".utf8)
        line.reserveCapacity(line.count + payload.count + 1)
        line += payload
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// Returns the answer to a request that has failed; `reason` is shown to the user. It is made safe: a control
    /// character or `]]>` in it would make oned's database write fail. oned logs it with the id of a marketplace, but
    /// without that of an app.
    static func failure(_ verb: Verb, _ id: Int, of object: ObjectName, _ reason: String) -> [UInt8] {
        let text = verb == .monitor ? reason : "\(object): \(orDash(reason))"
        return Array("\(verb.rawValue) FAILURE \(id) \(orDash(oneLine(text)))\n".utf8)
    }

    /// Returns a line for oned's log. `id` is that of the object it is about, or nil if there is none.
    static func log(_ level: Log.Level, _ id: Int?, _ text: String) -> [UInt8] {
        Array("LOG \(letter(of: level)) \(id ?? -1) \(orDash(oneLine(text)))\n".utf8)
    }

    private static func orDash(_ text: String) -> String { text.isEmpty ? "-" : text }

    private static func letter(of level: Log.Level) -> Character {
        switch level {
        case .error: "E"
        case .warning: "W"
        case .info: "I"
        case .debug: "D"
        }
    }
}
