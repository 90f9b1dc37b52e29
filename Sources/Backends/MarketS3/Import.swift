import AppTransfer
import Checksums
import DriverProtocol
import ImageTransfer
import S3

/// `market/s3/import`: uploads an image into the marketplace's bucket.
public enum Import: Action {
    public static let name = "market/s3/import"
    public static let purpose = "uploads an image into BUCKET; prints SOURCE, MD5, SIZE (MB) and FORMAT"
    public static let inputs = S3Market.inputs + ["MARKETPLACEAPP/ID", "IMPORT_SOURCE", "SIZE", "FORMAT"]

    public static func run(_ request: Request) throws -> Reply {
        let message = request.message
        let market = try S3Market(message, log: request.log)
        let size = try message.number("SIZE") ?? 0
        let format = try imageFormat(message, at: "FORMAT")
        let expected = try ExpectedDigests(message, md5: "MD5")
        let key = try market.objectKey(of: message)
        let client = S3Client(market.service, log: request.log)
        let source = try imageSource(message.required("IMPORT_SOURCE"), request)
        let target = ObjectUpload.Target(market, key: key, length: source.length, owner: owner(message))
        let sink = try S3Sink(client, target)

        try client.prepare(market, key: key, owner: target.owner)
        do {
            let copied = try ImageCopy(source, expected: expected, log: request.log).run(into: sink)
            _ = try sink.publish()
            return Reply(source: market.url(ofKey: key), md5: copied.source[.md5] ?? "", size: size, format: format) {
                client.takeBack(bucket: market.bucket, key: key)
            }
        } catch {
            sink.discard()
            throw error
        }
    }

    public static func settle(_ message: Message, log: Log) {
        disposeOfSource(message, log: log)
    }

    /// What tells an app from every other one: oned gives an id once, and the time with it.
    private static func owner(_ message: Message) -> String {
        ["ZONE_ID", "MARKETPLACE_ID", "ID", "REGTIME"].map { name in
            String((message.value("MARKETPLACEAPP/\(name)") ?? "-").filter { $0.isASCII && ($0.isNumber || $0 == "-") })
        }.joined(separator: ".")
    }
}
