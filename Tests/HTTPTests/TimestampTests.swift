import Testing

@testable import HTTP

@Suite struct TimestampTests {
    /// A date as libcurl tells it of a certificate, and its seconds since 1970.
    @Test(
        arguments: [
            ("Nov 22 03:34:06 2026 GMT", 1_795_318_446), ("Jan  1 00:00:00 1970 GMT", 0),
            ("2026-11-22 03:34:06 GMT", 1_795_318_446), ("Foo 22 03:34:06 2026 GMT", nil),
            ("Nov 22 03:34:06 2026", nil), ("Nov 22 25:34:06 2026 GMT", nil), ("", nil), ("GMT", nil),
        ] as [(String, Int?)])
    func certificateDates(_ text: String, _ seconds: Int?) {
        #expect(Timestamp.certificateDate(text) == seconds)
    }

    @Test(
        arguments: [
            (1_795_318_446, "2026-11-22"), (0, "1970-01-01"), (253_402_300_799, "9999-12-31"), (253_402_300_800, nil),
            (-1, nil), (.max, nil), (.min, nil),
        ] as [(Int, String?)])
    func days(_ seconds: Int, _ text: String?) {
        #expect(Timestamp.day(seconds) == text)
    }
}
