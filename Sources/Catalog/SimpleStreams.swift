import Bytes
import Checksums
import JSON

/// The images of a simplestreams server, from its `streams/v1/images.json` or the documents that its index names
/// instead.
package enum SimpleStreams {
    /// The server if ENDPOINT is not set.
    package static let standardEndpoint = "https://images.linuxcontainers.org/"

    /// A container image's root file system.
    package struct File: Equatable, Sendable {
        /// Below the server's URL: `images/debian/bookworm/amd64/default/20261120_05:24/rootfs.tar.xz`.
        package let path: String
        /// 64 hexadecimal digits, or nil if the server gives none that is valid.
        package let sha256: String?
        /// Bytes, or nil if the server does not say.
        package let size: UInt64?
    }

    /// One distribution's release for one architecture, in its newest version that has a root file system.
    package struct Product: Equatable, Sendable {
        /// In lower case, without blanks: `rockylinux`.
        package let distribution: String
        package let release: String
        /// OpenNebula's word for it: `x86_64`.
        package let architecture: String
        /// The time of its build in seconds since 1970, or nil if the product has no version with a date.
        package let built: Int?
        /// The archive, or else the squashfs, or nil if there is neither.
        package let file: File?
    }

    /// Calls `body` for each product of the variant `default` for the architectures, in OpenNebula's words. Throws if
    /// the document is cut, is no JSON, or has no list of products.
    package static func read(
        _ document: inout CatalogDocument, architectures: Set<String>, _ body: (Product) -> Void
    ) throws {
        func isListed(_ identity: StreamIdentity) -> Bool {
            identity.variant == "default" && architectures.contains(identity.architecture)
        }
        let hasProducts = try products(of: &document) { key, reader in
            let named = StreamIdentity(key: key)
            // Most products of a public server.
            if let named, !isListed(named) { return try reader.skip() }
            let product = try reader.value(members: StreamIdentity.members + ["versions"])
            guard let identity = named ?? product.flatMap({ StreamIdentity($0, key: key) }), isListed(identity) else {
                return
            }
            let newest = newestVersion(product?["versions"])
            body(
                Product(
                    distribution: identity.distribution, release: identity.release,
                    architecture: identity.architecture, built: newest?.version.built, file: newest?.file))
        }
        guard hasProducts else { throw AppReport.Unusable("it has no list 'products'") }
    }

    /// Returns the file at `path`, or nil if the server lists none there.
    package static func file(at path: String, in document: inout CatalogDocument) throws -> File? {
        var found: File?
        _ = try products(of: &document) { _, reader in
            guard let versions = try reader.value(members: ["versions"])?["versions"] else { return }
            for items in versions.members.lazy.compactMap({ $0.value["items"] }) {
                for item in items.members where item.value["path"]?.text == path { found = file(item.value) }
            }
        }
        return found
    }

    // MARK: Reading

    /// Calls `body` for each product's key and value, which it has to read. Returns false if there is no list of
    /// products.
    private static func products(
        of document: inout CatalogDocument, _ body: (String, inout JSONReader) throws -> Void
    ) throws -> Bool {
        try document.read { reader, release in
            var hasProducts = false
            let isObject = try reader.members { name, reader in
                guard name == "products" else { return try reader.skip() }
                hasProducts = try reader.members { key, reader in
                    try body(key, &reader)
                    release(reader.offset)
                }
                if !hasProducts { try reader.skip() }
            }
            if !isObject { try reader.skip() }
            return hasProducts
        }
    }

    /// Returns the version with the latest date, in any order. One with a root file system precedes one without, as
    /// that of a virtual machine.
    private static func newestVersion(_ versions: JSONValue?) -> (version: StreamVersion, file: File?)? {
        var newest: (version: StreamVersion, file: File?)?
        for member in versions.map({ Array($0.members) }) ?? [] {
            guard let version = member.name.text.flatMap(StreamVersion.init) else { continue }
            let isNewer = newest.map { $0.version < version } ?? true
            guard isNewer || newest?.file == nil else { continue }
            let file = rootFile(member.value)
            if file != nil || isNewer && newest?.file == nil { newest = (version, file) }
        }
        return newest
    }

    /// Returns the archive, or else the squashfs, according to the items' types or names.
    private static func rootFile(_ version: JSONValue) -> File? {
        var found: (rank: Int, file: File)?
        for item in version["items"].map({ Array($0.members) }) ?? [] {
            let kinds = [item.value["ftype"]?.text, item.name.text].compactMap { $0?.lowercased() }
            guard let rank = rootKinds.firstIndex(where: { !$0.isDisjoint(with: kinds) }), rank < found?.rank ?? 2,
                let file = file(item.value)
            else { continue }
            found = (rank, file)
        }
        return found?.file
    }

    private static let rootKinds: [Set<String>] = [
        ["root.tar.xz", "rootfs.tar.xz"], ["squashfs", "root.squashfs"],
    ]

    private static func file(_ item: JSONValue) -> File? {
        guard let path = item["path"]?.text else { return nil }
        return File(
            path: path, sha256: item["sha256"]?.text.flatMap(Digest.Algorithm.sha256.digest),
            size: item["size"]?.scalar.flatMap { UInt64($0) })
    }

    /// Returns the reason why a path of the server's is not used, or nil if it is a plain relative one.
    package static func fault(in path: String) -> String? {
        let isPlain = path.utf8.allSatisfy { isAlphanumeric($0) || "-._~+/:".utf8.contains($0) }
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let hasScheme = parts.count > 2 && parts[0].last == UInt8(ascii: ":") && parts[1].isEmpty
        guard isPlain, !hasScheme else { return "its path has characters that no path of an image has" }
        guard path.utf8.count <= 512 else { return "its path is too long" }
        guard !parts.contains(where: { $0.isEmpty || $0.count <= 2 && $0.allSatisfy { $0 == UInt8(ascii: ".") } })
        else {
            return "its path leads out of the server's images"
        }
        return nil
    }
}
