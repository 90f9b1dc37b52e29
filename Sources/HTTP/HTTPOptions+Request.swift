import DriverProtocol

extension HTTPOptions {
    /// What the message says of how to transfer.
    public init(_ request: Request) throws(DriverError) {
        self.init()
        let message = request.message
        caFile = message.value("MARKETPLACE/TEMPLATE/CA_FILE")
        verifyTLS = try message.flag("MARKETPLACE/TEMPLATE/TLS_VERIFY", default: true)
        bandwidthLimit = try Self.bandwidthLimit(message)
        if !verifyTLS { request.log.warning("TLS_VERIFY=NO: the server's certificate is not verified") }
    }

    /// LIMIT_TRANSFER_BW of the message's datastore.
    public static func bandwidthLimit(_ message: Message) throws(DriverError) -> UInt64? {
        try bandwidth(message, at: "DATASTORE/TEMPLATE/LIMIT_TRANSFER_BW")
    }

    /// Bytes a second: a number, with K, M or G behind it for powers of 1024.
    static func bandwidth(_ message: Message, at path: String) throws(DriverError) -> UInt64? {
        guard let text = message.value(path) else { return nil }
        let units: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = text.last.flatMap { units[Character($0.uppercased())] }
        let digits = unit == nil ? text : String(text.dropLast())
        guard let number = UInt64(digits), number > 0, number <= UInt64(1) << 40 / (unit ?? 1) else {
            throw message.invalid(path, "is no rate", remedy: "write bytes a second, with K, M or G behind, as in 10M")
        }
        return number * (unit ?? 1)
    }
}
