import TestSupport
import Testing

/// Messages that no oned would send.
@Suite struct BadMessageTests {
    private let market: LocalMarket

    init() throws {
        market = try LocalMarket()
    }

    @Test(arguments: LocalAction.allCases)
    func succeedsWithTheMessageThatTheRestSpoils(_ action: LocalAction) throws {
        let server = try Nginx(root: market.publicDirectory)
        let outcome = try market.act(action.rawValue, action.message(market, server: server))
        #expect(outcome.status == .exited(0) && outcome.errors == "")
    }

    enum Damage: String, CaseIterable {
        case empty, blanks, binary, zeroBytes, text, oneDigit, cutBase64, cutDocument, cutXML, mismatchedTags,
            otherRoot,
            documentType, badUTF8, twoDocuments, controlCharacter

        /// The cause that its error has.
        var cause: String {
            switch self {
            case .empty, .blanks: "it is empty"
            case .binary, .zeroBytes, .text, .oneDigit, .cutBase64: "it is neither base64 nor XML"
            case .otherRoot: "its root is <OTHER>"
            case .badUTF8, .controlCharacter: "a character is not UTF-8 or not allowed in XML"
            case .cutDocument, .cutXML, .mismatchedTags, .documentType, .twoDocuments: "at byte "
            }
        }

        func apply(_ message: DriverMessage) -> [UInt8] {
            let (xml, base64) = (Array(message.xml.utf8), message.base64)
            let half = base64.count / 8 * 4
            switch self {
            case .empty: return []
            case .blanks: return Array(" \n\t\r\n".utf8)
            case .binary: return TestFiles.noise(5000)
            case .zeroBytes: return [UInt8](repeating: 0, count: 5000)
            case .text: return Array("oned is not running!\n".utf8)
            case .oneDigit: return Array("P".utf8)
            case .cutBase64: return Array(base64[..<(half + 1)])
            case .cutDocument: return Array(base64[..<half])
            case .cutXML: return Array(xml[..<(xml.count / 2)])
            case .mismatchedTags: return Array("<MARKET_DRIVER_ACTION_DATA><A></B></MARKET_DRIVER_ACTION_DATA>".utf8)
            case .otherRoot: return Array("<OTHER><A>1</A></OTHER>".utf8)
            case .documentType: return Array("<!DOCTYPE a [<!ENTITY b \"c\">]>".utf8) + xml
            case .badUTF8: return Array("<MARKET_DRIVER_ACTION_DATA>".utf8) + [0xC3, 0x28] + xml
            case .twoDocuments: return xml + xml
            case .controlCharacter: return Array("<MARKET_DRIVER_ACTION_DATA>\u{1B}[2J".utf8) + xml
            }
        }
    }

    @Test(arguments: LocalAction.allCases, Damage.allCases)
    func refusesADamagedMessage(_ action: LocalAction, _ damage: Damage) throws {
        let input = damage.apply(try action.message(market))
        let before = try market.contents()
        let root = action.rawValue.hasPrefix("datastore") ? "DS_DRIVER_ACTION_DATA" : "MARKET_DRIVER_ACTION_DATA"
        expectRefusal(
            try market.act(action.rawValue, input: input),
            ["Cannot read the driver message: ", damage.cause, "; pass a <\(root)> document"])
        #expect(try market.contents() == before)
    }

    @Test(arguments: LocalAction.allCases)
    func namesEachElementThatIsMissing(_ action: LocalAction) throws {
        for path in action.inputs {
            for value in [nil, ""] {
                let message = try action.message(market).with(path, value)
                let before = try market.contents()
                expectRefusal(
                    try market.act(action.rawValue, message),
                    ["Cannot use the driver message: \(path) is missing or empty; "])
                #expect(try market.contents() == before)
            }
        }
    }

    @Test(arguments: LocalAction.allCases)
    func helpTellsWhatIsNeeded(_ action: LocalAction) throws {
        let outcome = try market.act(action.rawValue, arguments: ["--help"], input: [])
        #expect(outcome.status == .exited(0) && outcome.errors == "")
        let listed = outcome.output.split(separator: "\n").filter { $0.hasPrefix("  ") && $0.contains(/^  [A-Z]/) }
        #expect(listed.map { $0.dropFirst(2) } == action.inputs.map { $0[...] })
    }
}
