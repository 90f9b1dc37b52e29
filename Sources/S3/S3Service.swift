import Glibc
import HTTP

/// A service, the keys for it, and the transfer options.
package struct S3Service: Sendable {
    package var endpoint: S3Endpoint
    package var region: String
    package var credentials: S3Credentials
    package var http: HTTPOptions
    /// Seconds since 1970.
    var clock: @Sendable () -> Int = { time(nil) }

    package init(endpoint: S3Endpoint, region: String, credentials: S3Credentials, http: HTTPOptions = HTTPOptions()) {
        self.endpoint = endpoint
        self.region = region
        self.credentials = credentials
        self.http = http
    }
}
