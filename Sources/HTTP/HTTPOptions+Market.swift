import DriverProtocol

extension HTTPOptions {
    /// The options that a marketplace's template sets: CA_FILE, and TLS_VERIFY, without which no certificate is checked,
    /// as a warning in `log` tells each time. Throws a ``DriverError`` that names an attribute with a bad value.
    public init(market message: Message, log: Log) throws(DriverError) {
        let path = "MARKETPLACE/TEMPLATE/"
        caFile = message.value(path + "CA_FILE")
        verifyTLS = try message.flag(path + "TLS_VERIFY", default: true)
        if let caFile, !caFile.hasPrefix("/") {
            throw message.invalid(path + "CA_FILE", "is no absolute path", remedy: "begin it with /")
        }
        if !verifyTLS {
            log.warning("TLS_VERIFY is off: nobody checks that the server is the one that it says it is")
        }
    }
}
