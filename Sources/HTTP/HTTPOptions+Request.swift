import Bytes
import DriverProtocol
import Glibc
import Posix

extension HTTPOptions {
    private static let caFileInput = Input.optional(
        "MARKETPLACE/TEMPLATE/CA_FILE", "File of trusted CA certificates (PEM). It replaces the system's.",
        otherwise: "the system's")
    private static let verifyInput = Input.optional(
        "MARKETPLACE/TEMPLATE/TLS_VERIFY", default: "YES",
        "`NO` accepts any server certificate. A warning is logged.")
    private static let proxyInput = Input.optional(
        "MARKETPLACE/TEMPLATE/PROXY", "Proxy for all requests: `http://USER:PASSWORD@HOST:PORT`.",
        otherwise: "from the environment")
    private static let noProxyInput = Input.optional(
        "MARKETPLACE/TEMPLATE/NO_PROXY", "Hosts to contact without a proxy, separated by commas.",
        otherwise: "from the environment")
    private static let bandwidthInput = Input.optional(
        "DATASTORE/TEMPLATE/LIMIT_TRANSFER_BW",
        "Maximum bytes per second. The suffixes `K`, `M` and `G` are powers of 1024.",
        otherwise: "no limit")
    /// What is read of a marketplace.
    package static let inputs = [caFileInput, verifyInput, proxyInput, noProxyInput]
    /// What is read of a datastore.
    package static let datastoreInputs = [bandwidthInput]
    /// What is read of a marketplace with a catalog.
    package static let catalogInputs = inputs + [ServerCredential.input]

    private static let proxySchemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]

    /// The transfer options of the message.
    package init(_ request: Request) throws(DriverError) {
        try self.init(request.message, request.transfer, log: request.log)
    }

    /// The transfer options of the message, and the credential of AUTH_FILE for the server of its catalog.
    package init(ofCatalog request: Request) throws(DriverError) {
        try self.init(request)
        credential = try ServerCredential(request.message, log: request.log)
    }

    /// CA_FILE, TLS_VERIFY, PROXY and NO_PROXY of the message's marketplace, LIMIT_TRANSFER_BW of its datastore.
    package init(
        _ message: Message, _ preferences: TransferPreferences = TransferPreferences(), log: Log
    ) throws(DriverError) {
        self.init()
        caFile = message.value(Self.caFileInput)
        verifyTLS = try message.flag(Self.verifyInput)
        proxy = try Self.proxy(message)
        noProxy = message.value(Self.noProxyInput)
        bandwidthLimit = try Self.bandwidthLimit(message, preferences)
        if !preferences.retries { attempts = 1 }
        if preferences.isTrial {
            connectTimeout = Double(TransferPreferences.trialTimeout)
            stallTimeout = TransferPreferences.trialTimeout
            return
        }
        if !verifyTLS { log.warning("TLS_VERIFY=NO: the server's certificate is not verified") }
    }

    package static let caFileName = caFileInput.name
    /// The longest file of certificates that is looked at, in bytes.
    private static let certificateLimit = 16 << 20

    /// Returns the number of certificates in CA_FILE. Throws a ``DriverError`` if it is no file that libcurl can use.
    package func certificates() throws(DriverError) -> Int {
        let path = caFile ?? ""
        func problem(_ cause: String) -> DriverError {
            DriverError("use", "\(Self.caFileName) \(quoted(path))", cause: cause, remedy: TransferFailure.caFileRemedy)
        }
        let bytes: [UInt8]?
        do throws(SystemError) {
            bytes = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK).readToEnd(limit: Self.certificateLimit)
        } catch {
            throw problem(error.cause)
        }
        let lines = (bytes ?? []).split { isWhiteSpace($0) && $0 != UInt8(ascii: " ") }
        let (beginning, end) = ("-----BEGIN ".utf8, "CERTIFICATE-----".utf8)
        let count = lines.count { $0.starts(with: beginning) && $0.suffix(end.count).elementsEqual(end) }
        guard count > 0 else { throw problem("there is no PEM certificate in it") }
        return count
    }

    /// Returns PROXY in the form that libcurl takes: a host with or without scheme, user, password and port.
    private static func proxy(_ message: Message) throws(DriverError) -> String? {
        guard let text = message.value(proxyInput) else { return nil }
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        let hasScheme = parts.count == 1 || proxySchemes.contains(parts[0].lowercased())
        guard hasScheme, parts.last?.isEmpty == false, text.utf8.allSatisfy(isVisible) else {
            // The value stays out of the error: nobody knows which part of it is a password.
            throw DriverError(
                "use", proxyInput.path, cause: "its value is no proxy's URL",
                remedy: "write it as in http://USER:PASSWORD@HOST:PORT, special characters as %XX")
        }
        return text
    }

    /// Returns the caller's limit, else LIMIT_TRANSFER_BW of the message's datastore, in bytes per second, or nil if
    /// there is none. Throws a ``DriverError`` if that is no rate.
    package static func bandwidthLimit(
        _ message: Message, _ preferences: TransferPreferences
    ) throws(DriverError) -> UInt64? {
        if let limit = preferences.bandwidthLimit { return limit }
        guard let text = message.value(bandwidthInput) else { return nil }
        guard let rate = bandwidth(text) else {
            throw message.invalid(
                bandwidthInput, "is no rate", remedy: "write bytes per second, or a number with K, M or G, as in 10M")
        }
        return rate
    }

    /// Returns the bytes per second that `text` states, or nil if it is no rate: a number, with K, M or G behind it for
    /// powers of 1024, in either case.
    package static func bandwidth(_ text: String) -> UInt64? {
        let units: [Character: UInt64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
        let unit = text.last.flatMap { units[Character($0.uppercased())] }
        let digits = unit == nil ? text : String(text.dropLast())
        guard digits.utf8.allSatisfy(isDigit), let number = UInt64(digits), number > 0,
            number <= UInt64(1) << 40 / (unit ?? 1)
        else { return nil }
        return number * (unit ?? 1)
    }
}
