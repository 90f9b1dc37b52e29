import DriverProtocol

/// The answer of a catalog's `monitor` as it grows: a line `APP="BASE64"` for each app.
public struct AppReport {
    /// Why an app cannot be offered.
    public struct Unusable: Error, Equatable {
        public let reason: String

        public init(_ reason: String) {
            self.reason = reason
        }
    }

    /// So many apps are named one by one where they are left out; the rest is counted.
    private static let namedLimit = 100

    private let log: Log
    private var text = ""
    private var names: Set<String> = []
    public private(set) var count = 0
    public private(set) var filtered = 0
    public private(set) var leftOut = 0

    /// A report that tells `log` what it leaves out, for a catalog of so many bytes.
    public init(catalogSize: Int, log: Log) {
        self.log = log
        // Room that is never written to costs nothing, and text that moves as it grows costs its size once more.
        text.reserveCapacity(2 * catalogSize)
    }

    /// Adds an app. Throws where its text would not be the same once oned has read it.
    public mutating func append(_ app: Template, name: String) throws(Unusable) {
        for attribute in app.attributes {
            guard case .text(let value) = attribute.value else {
                guard case .vector(let pairs) = attribute.value else { continue }
                for pair in pairs { try Self.check(pair.value, "\(attribute.name)/\(pair.name)") }
                continue
            }
            try Self.check(value, attribute.name)
        }
        if !names.insert(name).inserted {
            log.warning("two apps of the catalog are named \(quoted(name)): oned keeps one of them")
        }
        text += "APP=\""
        text += app.base64
        text += "\"\n"
        count += 1
    }

    /// Throws where `value` cannot be written in oned's template syntax as it is.
    public static func check(_ value: String, _ attribute: String) throws(Unusable) {
        guard mayNeedChange(value), Template.representable(value) != value else { return }
        let reason =
            value.hasSuffix("\\")
            ? "ends in a backslash" : value.contains("]]>") ? "has ]]> in it" : "has a control character in it"
        throw Unusable("its \(attribute) \(reason), which a template of OpenNebula cannot hold")
    }

    /// Quickly: false for what is written as it is without a doubt.
    private static func mayNeedChange(_ value: String) -> Bool {
        var value = value
        return value.withUTF8 { bytes in
            bytes.last == UInt8(ascii: "\\")
                || bytes.contains { $0 < 0x20 || $0 == 0x3E || $0 == 0x7F || $0 == 0xC2 || $0 == 0xEF }
        }
    }

    /// An app that the market's filters do not want.
    public mutating func filterOut() {
        filtered += 1
    }

    /// An app that cannot be offered: a warning names it.
    public mutating func leaveOut(_ name: String, _ reason: String) {
        leftOut += 1
        if leftOut <= Self.namedLimit {
            log.warning("the app \(quoted(oneLine(name, limit: 120))) is left out: \(reason)")
        } else if leftOut == Self.namedLimit + 1 {
            log.warning("further apps are left out for such reasons")
        }
    }

    /// Something of an app that is not as its catalog has it.
    public func warn(_ name: String, _ what: String) {
        log.warning("the app \(quoted(oneLine(name, limit: 120))): \(what)")
    }

    /// The finished report. A report without apps is an error: a catalog is never empty.
    public func reply(of url: String) throws(DriverError) -> Reply {
        if leftOut > Self.namedLimit { log.warning("\(leftOut) apps in all are left out") }
        guard count > 0 else {
            let (cause, remedy) =
                switch (leftOut, filtered) {
                case (0, 0): ("it lists no app", "check ENDPOINT; the server may not serve this release of OpenNebula")
                case (_, 0): ("none of its \(leftOut) apps can be used", "see the warnings in the log of oned")
                default:
                    (
                        "none of its apps passes the filters",
                        "check FILTER_TYPE, FILTER_ARCHITECTURE, FILTER_TAG and FILTER_NAME"
                    )
                }
            throw DriverError("use", "the catalog \(quoted(url))", cause: cause, remedy: remedy)
        }
        return Reply(text)
    }
}
