import DriverProtocol
import JSON

extension SimpleStreams {
    /// The path that tools write, and that of a server without an index.
    private static let standardPath = "streams/v1/images.json"
    private static let indexPath = "/streams/v1/index.json"
    private static let maximumDocuments = 100

    /// Fetches a server's lists of images one after the other, and calls `body` with each until it returns false.
    /// Throws if one of them cannot be had, or `body` throws: an incomplete list is not used.
    package static func forEachDocument(
        of market: CatalogMarket, _ body: (inout CatalogDocument) throws -> Bool
    ) throws {
        for (part, path) in try paths(of: market).enumerated() {
            var document = try market.fetch("/" + path, part: part)
            guard try body(&document) else { return }
        }
    }

    /// Returns the file at `path`, below the server's URL, or nil if the server lists none there.
    package static func file(at path: String, of market: CatalogMarket, remedy: String) throws -> File? {
        var found: File?
        try forEachDocument(of: market) { document in
            found = try document.use(remedy: remedy) { try file(at: path, in: &$0) }
            return found == nil
        }
        return found
    }

    /// Returns the paths of the lists of images, below the server's URL.
    private static func paths(of market: CatalogMarket) throws -> [String] {
        guard var index = try market.fetchIfThere(indexPath), index.isObject else { return [standardPath] }
        let remedy = "have the server's index written anew"
        let named = try index.use(remedy: remedy) { try paths(in: &$0) }
        guard named.count <= maximumDocuments else {
            throw DriverError(
                "use", "the index \(quoted(index.url))",
                cause: "it names more than \(maximumDocuments) lists of images",
                remedy: remedy)
        }
        return named.isEmpty ? [standardPath] : named
    }

    /// Returns the paths that an index names, each once, except for lists without a product and for other kinds of
    /// lists.
    static func paths(in index: inout CatalogDocument) throws -> [String] {
        var paths: [String] = []
        try index.read { reader, _ in
            _ = try reader.members { name, reader in
                guard name == "index" else { return try reader.skip() }
                let hasEntries = try reader.members { _, reader in
                    guard let entry = try reader.value(members: ["datatype", "path", "products"]),
                        let path = entry["path"]?.text, entry["datatype"]?.text ?? imageType == imageType,
                        entry["products"].map({ $0.kind != .array || $0.elements.first != nil }) ?? true
                    else { return }
                    if let fault = fault(in: path) { throw AppReport.Unusable("a list in it is not fetched: \(fault)") }
                    if !paths.contains(path) { paths.append(path) }
                }
                if !hasEntries { try reader.skip() }
            }
        }
        return paths
    }

    private static let imageType = "image-downloads"
}
