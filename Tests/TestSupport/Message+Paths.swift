import DriverProtocol

/// The values at paths that no action needs to declare.
extension Message {
    package func value(_ path: String) -> String? { stated(.optional(path, "")) }

    package func required(_ path: String) throws(DriverError) -> String { try required(.optional(path, "")) }

    package func number(_ path: String) throws(DriverError) -> UInt64? { try number(.optional(path, "")) }

    package func words(_ path: String) -> [String] { words(.optional(path, "")) }

    package func flag(_ path: String, default standard: Bool) throws(DriverError) -> Bool {
        try flag(.optional(path, default: standard ? "YES" : "NO", ""))
    }
}
