import DriverProtocol

extension Reply {
    /// The number of apps in the reply of a catalog's `monitor`.
    package var apps: Int { bytes.split(separator: UInt8(ascii: "\n")).count { $0.starts(with: "APP=".utf8) } }
}
