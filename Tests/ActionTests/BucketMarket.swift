import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// A marketplace in a bucket of a server, a directory for images and a datastore, and messages about them.
final class BucketMarket: Sendable {
    let server: S3Server
    let bucket: String
    let directory: TemporaryDirectory
    let datastore: String

    /// Makes the bucket, unless it is to be missing.
    init(_ server: S3Server, bucket: String, exists: Bool = true) throws {
        self.server = server
        self.bucket = bucket
        directory = try TemporaryDirectory()
        datastore = try directory.makeDirectory("datastore")
        _ = try directory.makeDirectory("var")
        if exists { #expect(try server.tool("make-bucket", bucket).status.isSuccess) }
    }

    /// A recorded message, about this bucket.
    func message(_ fixture: String, _ values: KeyValuePairs<String, String?> = [:]) throws -> DriverMessage {
        try DriverMessage(fixture).with([
            "MARKETPLACE/TEMPLATE/BUCKET": bucket, "MARKETPLACE/TEMPLATE/ENDPOINT": server.endpoint,
            "MARKETPLACE/TEMPLATE/ACCESS_KEY_ID": server.accessKey,
            "MARKETPLACE/TEMPLATE/SECRET_ACCESS_KEY": server.secretKey,
            "MARKETPLACE/TEMPLATE/FORCE_PATH_STYLE": "YES", "MARKETPLACE/TEMPLATE/READ_LENGTH": "5",
        ]).with(values)
    }

    func importMessage(_ source: String, _ values: KeyValuePairs<String, String?> = [:]) throws -> DriverMessage {
        try message("market-s3-import.step2").with(["IMPORT_SOURCE": source, "MD5": nil]).with(values)
    }

    func sourceMessage(_ source: String, _ values: KeyValuePairs<String, String?> = [:]) throws -> DriverMessage {
        try message("market-s3-delete", values).with([
            "MARKETPLACEAPP/SOURCE": source, "MARKETPLACEAPP/FORMAT": "raw", "MARKETPLACEAPP/MD5": nil,
            "DATASTORE/BASE_PATH": datastore, "DATASTORE/DS_MAD": "fs",
        ])
    }

    func act(_ action: String, _ message: DriverMessage, environment: [String: String] = [:]) throws -> Outcome {
        try run(
            Programs.action("market-s3-\(action)"), input: message.base64,
            environment: environment.merging(["ONE_LOCATION": directory.path]) { one, _ in one })
    }

    /// Imports bytes, and returns the outcome.
    func `import`(
        _ bytes: [UInt8], _ values: KeyValuePairs<String, String?> = [:], environment: [String: String] = [:]
    ) throws -> Outcome {
        let path = try directory.write("image", bytes)
        return try act("import", importMessage(path, values), environment: environment)
    }

    func monitor(_ values: KeyValuePairs<String, String?> = [:], environment: [String: String] = [:]) throws -> Outcome
    {
        try act("monitor", message("market-s3-monitor", values), environment: environment)
    }

    /// Checks that neither an object nor an open upload is there.
    func expectNothing(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try server.ask("keys", bucket) == [], sourceLocation: sourceLocation)
        #expect(try server.ask("uploads", bucket) == [], sourceLocation: sourceLocation)
    }
}
