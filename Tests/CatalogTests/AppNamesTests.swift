import DriverProtocol
import Testing

@testable import Catalog

@Suite struct AppNamesTests {
    private func names(prefix: String = "", suffix: String = "") throws -> AppNames {
        let template = "<NAME_PREFIX>\(prefix)</NAME_PREFIX><NAME_SUFFIX>\(suffix)</NAME_SUFFIX>"
        let market = "<MARKETPLACE><TEMPLATE>\(template)</TEMPLATE></MARKETPLACE>"
        return try AppNames(
            Message(text: Array("<MARKET_DRIVER_ACTION_DATA>\(market)</MARKET_DRIVER_ACTION_DATA>".utf8)))
    }

    @Test(arguments: [
        // Unchanged.
        ("Ubuntu 24.04", "Ubuntu 24.04"), ("AlmaLinux 10 (aarch64)", "AlmaLinux 10 (aarch64)"), ("你好 ünï", "你好 ünï"),
        // Characters that oned refuses.
        ("Bad/name & \"quoted\"", "Bad_name _ _quoted_"), ("a|b:c\\d;e'f#g{h}i$j<k>l", "a_b_c_d_e_f_g_h_i_j_k_l"),
        // Controls, line ends and separators, blanks at the ends.
        ("a\tb\nc\u{0}d\u{7F}e\u{85}f\u{2028}g", "a_b_c_d_e_f_g"), ("  a  ", "a"),
        // Too long, and a character that would be cut.
        (String(repeating: "x", count: 200), String(repeating: "x", count: 128)),
        (String(repeating: "x", count: 127) + "é", String(repeating: "x", count: 127)),
    ]) func replacesWhatOnedRefuses(_ text: String, _ name: String) throws {
        #expect(try names().name(for: text) == name)
    }

    @Test(arguments: ["", "   ", "///", "\n", "_"]) func isNilWhereNothingIsLeft(_ text: String) throws {
        #expect(try names().name(for: text) == nil)
    }

    @Test func putsPrefixAndSuffixAroundAndCutsBetween() throws {
        let names = try names(prefix: "Community ", suffix: " (C)")
        #expect(names.name(for: "Ubuntu") == "Community Ubuntu (C)")
        let long = names.name(for: String(repeating: "x", count: 200)) ?? ""
        #expect(long.utf8.count == AppNames.maximumLength)
        #expect(long.hasPrefix("Community xxx") && long.hasSuffix("xxx (C)"))
    }
}
