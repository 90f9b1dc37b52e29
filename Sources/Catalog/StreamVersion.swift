import Bytes
import Glibc

/// The name of a version: a date, and digits that tell versions of one day apart. `20261120_05:24`, `202611200524`,
/// `20261120.1`, `2026-11-20T05:24:00Z`.
struct StreamVersion: Comparable {
    /// Seconds since 1970 in UTC, with hours and minutes if the digits after the date can be a time.
    let built: Int
    /// The digits after the date.
    private let serial: [UInt8]

    init?(_ name: String) {
        let hyphen = UInt8(ascii: "-")
        let given = Array(name.utf8)
        let isDivided = given.count >= 10 && given[4] == hyphen && given[7] == hyphen
        let bytes = isDivided ? Array(given[..<4] + given[5..<7] + given[8...]) : given
        guard bytes.count >= 8, bytes[..<8].allSatisfy(isDigit) else { return nil }
        serial = bytes[8...].filter(isDigit)
        let (year, month, day) = (
            Self.number(bytes[..<4]), Self.number(bytes[4..<6]), Self.number(bytes[6..<8])
        )
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, month - 1, day)
        if serial.count >= 4 {
            let (hour, minute) = (Self.number(serial[..<2]), Self.number(serial[2..<4]))
            if hour < 24, minute < 60 { (time.tm_hour, time.tm_min) = (hour, minute) }
        }
        built = timegm(&time)
    }

    /// Returns the number that at most four digits make.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int32 {
        digits.reduce(0) { 10 * $0 + Int32($1 - UInt8(ascii: "0")) }
    }

    static func < (left: StreamVersion, right: StreamVersion) -> Bool {
        guard left.built == right.built else { return left.built < right.built }
        guard left.serial.count == right.serial.count else { return left.serial.count < right.serial.count }
        return left.serial.lexicographicallyPrecedes(right.serial)
    }
}
