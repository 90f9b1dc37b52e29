import DriverProtocol
import HTTP
import Posix

extension MarketCheck {
    /// Days before its end at which a certificate should be renewed.
    private static let renewalTime = 14
    static let secondsOfDay = 86_400

    /// Asks a server for no more than an answer: whether it can be reached, and whether its certificate is accepted.
    /// Returns what it shows of itself, or nil if that has failed.
    ///
    /// - Parameter body: makes the request.
    package func tryServer(_ options: HTTPOptions, _ body: () throws -> ServerFacts) throws -> ServerFacts? {
        if let file = options.caFile {
            // Also where no request needs it yet: http:// may become https://.
            _ = try trying(HTTPOptions.caFileName, options.certificates) {
                "\(counted($0, "certificate")) in \(quoted(file))"
            }
        }
        let facts = try trying("server", body) { facts in
            let end = facts.certificateEnd.flatMap(Timestamp.day)
            return "it answers" + (end.map { "; its certificate is valid until \($0)" } ?? "")
        }
        if facts?.isEncrypted == true, !options.verifyTLS {
            try note("TLS", "TLS_VERIFY is NO: nobody checks whose certificate the server has")
        }
        if let end = facts?.certificateEnd, let day = Timestamp.day(end) {
            let days = (end - Int(WallClock.now)) / Self.secondsOfDay
            if end <= Int(WallClock.now) {
                try note("TLS", "the certificate has expired on \(day): renew it")
            } else if days < Self.renewalTime {
                try note("TLS", "the certificate expires on \(day), in \(counted(days, "day")): renew it")
            }
        }
        return facts
    }
}
