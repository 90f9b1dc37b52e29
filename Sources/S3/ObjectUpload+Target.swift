import HTTP

extension ObjectUpload {
    /// The object to upload, and the way to do so.
    package struct Target: Sendable {
        package let object: S3Address
        /// All bytes, or nil if their number is not known.
        package let length: UInt64?
        package let partSize: UInt64
        package let concurrency: Int
        /// Fields that go with the object: storage class, encryption.
        package let headers: HTTPHeaders
        /// The most parts that the service takes.
        let maximumParts: Int
        /// The object's owner, kept in its metadata under ``ObjectUpload/ownerField``.
        package let owner: String

        package init(_ object: S3Address, _ market: S3Market, length: UInt64?, owner: String) {
            self.init(
                object, length: length, partSize: market.partSize, concurrency: market.concurrency,
                headers: market.storageHeaders, maximumParts: market.maximumParts, owner: owner)
        }

        init(
            _ object: S3Address, length: UInt64?, partSize: UInt64, concurrency: Int, headers: HTTPHeaders = [:],
            maximumParts: Int = PartPlan.mostParts, owner: String = ""
        ) {
            self.object = object
            self.length = length
            self.partSize = partSize
            self.concurrency = concurrency
            self.headers = headers
            self.maximumParts = maximumParts
            self.owner = owner
        }
    }
}
