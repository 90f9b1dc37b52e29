import Glibc

/// Points in time in the formats of HTTP, S3 and TLS, in seconds since 1970.
package enum Timestamp {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Returns `20261122T033406Z`, the time stamp of Signature Version 4.
    package static func basic(_ seconds: Int) -> String {
        let fields = utc(seconds)
        return padded(Int(fields.tm_year) + 1900, 4) + padded(Int(fields.tm_mon) + 1, 2)
            + padded(Int(fields.tm_mday), 2) + "T" + padded(Int(fields.tm_hour), 2) + padded(Int(fields.tm_min), 2)
            + padded(Int(fields.tm_sec), 2) + "Z"
    }

    /// Reads the Date field of RFC 9110, `Sun, 22 Nov 2026 03:34:06 GMT`. Returns nil if it is none.
    package static func httpDate(_ text: String) -> Int? {
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == ":" })
        guard words.count == 8, words[7] == "GMT", let day = Int(words[1]),
            let month = months.firstIndex(of: String(words[2])), let year = Int(words[3]), let hour = Int(words[4]),
            let minute = Int(words[5]), let second = Int(words[6])
        else { return nil }
        return seconds(year, month + 1, day, hour, minute, second)
    }

    /// Reads `2026-11-22T03:34:06.000Z`, as in listings. Returns nil if it is no such time.
    package static func extended(_ text: String) -> Int? {
        let fields = text.split(whereSeparator: { "-T:.Z".contains($0) }).map { Int($0) }
        guard fields.count >= 6, text.hasSuffix("Z"), let year = fields[0], let month = fields[1], let day = fields[2],
            let hour = fields[3], let minute = fields[4], let second = fields[5]
        else { return nil }
        return seconds(year, month, day, hour, minute, second)
    }

    /// Returns `2026-11-22`, or nil if the year has not four digits.
    package static func day(_ seconds: Int) -> String? {
        guard (0..<253_402_300_800).contains(seconds) else { return nil }
        let fields = utc(seconds)
        return padded(Int(fields.tm_year) + 1900, 4) + "-" + padded(Int(fields.tm_mon) + 1, 2) + "-"
            + padded(Int(fields.tm_mday), 2)
    }

    /// Reads a certificate's date as libcurl tells it: `Nov 22 03:34:06 2026 GMT` with OpenSSL, `2026-11-22 03:34:06
    /// GMT` with other libraries. Returns nil if it is none of these.
    static func certificateDate(_ text: String) -> Int? {
        guard text.hasSuffix("GMT") else { return nil }
        let words = text.split(whereSeparator: { " :-".contains($0) })
        let numbers = words.map { Int($0) }
        if words.count == 7, let month = months.firstIndex(of: String(words[0])), let day = numbers[1],
            let hour = numbers[2], let minute = numbers[3], let second = numbers[4], let year = numbers[5]
        {
            return seconds(year, month + 1, day, hour, minute, second)
        }
        guard words.count == 7, let year = numbers[0], let month = numbers[1], let day = numbers[2],
            let hour = numbers[3], let minute = numbers[4], let second = numbers[5]
        else { return nil }
        return seconds(year, month, day, hour, minute, second)
    }

    private static func utc(_ seconds: Int) -> tm {
        var time = time_t(seconds)
        var fields = tm()
        gmtime_r(&time, &fields)
        return fields
    }

    private static func seconds(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int)
        -> Int?
    {
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        var fields = tm()
        fields.tm_year = Int32(year - 1900)
        fields.tm_mon = Int32(month - 1)
        fields.tm_mday = Int32(day)
        fields.tm_hour = Int32(hour)
        fields.tm_min = Int32(minute)
        fields.tm_sec = Int32(second)
        return timegm(&fields)
    }

    private static func padded(_ number: Int, _ digits: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
