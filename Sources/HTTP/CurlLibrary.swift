import CCurl
import DriverProtocol
import Glibc

/// The shared library libcurl, loaded when the first request is made.
enum CurlLibrary {
    private static let outcome = Result { () throws(DriverError) in try bind("libcurl.so.4") }

    /// Loads libcurl if that has not been done yet.
    static func load() throws(DriverError) {
        try outcome.get()
    }

    /// Loads the shared library of that name. Must be called only once.
    static func bind(_ name: String) throws(DriverError) {
        if let failure = ccurl_bind(name) {
            throw DriverError(
                "load", name, cause: String(cString: failure),
                remedy: "install the package libcurl4 (Debian, Ubuntu) or libcurl (RHEL, AlmaLinux), 7.68 or newer")
        }
        // CURLOPT_NOSIGNAL leaves SIGPIPE to us: OpenSSL writes to a connection that the server has closed.
        signal(SIGPIPE, SIG_IGN)
    }
}
