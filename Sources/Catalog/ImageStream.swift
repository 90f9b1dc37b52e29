import Bytes
import DriverProtocol
import Glibc
import JSON

/// The images of a simplestreams server, from its `streams/v1/images.json`.
public enum ImageStream {
    public static let path = "/streams/v1/images.json"
    /// The server where ENDPOINT says nothing.
    public static let standardEndpoint = "https://images.linuxcontainers.org/"

    /// A container image's root file system.
    public struct File: Equatable, Sendable {
        /// Below the server's URL: `images/debian/bookworm/amd64/default/20261120_05:24/rootfs.tar.xz`.
        public let path: String
        /// 64 hexadecimal digits; nil where the server does not say, or says what is none.
        public let sha256: String?
        /// Bytes, where the server says.
        public let size: UInt64?
    }

    /// One distribution's release for one architecture, in its newest version.
    public struct Product: Equatable, Sendable {
        public let distribution: String
        public let release: String
        /// As the server calls it: `amd64`.
        public let architecture: String
        /// When it was built, in seconds since 1970; nil where the product has no version with a date.
        public let built: Int?
        /// The archive, or else the squashfs; nil where there is neither.
        public let file: File?
    }

    /// Calls `body` for each product of the variant `default` for the architectures. Throws where the document is cut, is
    /// no JSON, or has no list of products.
    public static func read(
        _ document: inout CatalogDocument, architectures: Set<String>, _ body: (Product) -> Void
    ) throws {
        let hasProducts = try products(of: &document) { key, reader in
            let parts = key.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map {
                String(Substring($0))
            }
            guard parts.count == 4, parts[3] == "default", architectures.contains(parts[2]) else {
                return try reader.skip()
            }
            let newest = newestVersion(try reader.value(members: ["versions"]))
            body(
                Product(
                    distribution: parts[0], release: parts[1], architecture: parts[2], built: newest?.date,
                    file: newest.flatMap { rootFile($0.value) }))
        }
        guard hasProducts else { throw AppReport.Unusable("it has no list 'products'") }
    }

    /// The file that lies at `path`; nil where the server lists none there.
    public static func file(at path: String, in document: inout CatalogDocument) throws -> File? {
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

    /// Calls `body` for each product's key and value, which it has to read. False where there is no list of products.
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

    /// The version with the latest date, wherever it stands.
    private static func newestVersion(_ product: JSONValue?) -> (date: Int, value: JSONValue)? {
        guard let versions = product?["versions"] else { return nil }
        var newest: (date: Int, value: JSONValue)?
        for version in versions.members {
            if let date = version.name.text.flatMap(date), date > newest?.date ?? -1 { newest = (date, version.value) }
        }
        return newest
    }

    private static func rootFile(_ version: JSONValue) -> File? {
        let items = version["items"]
        let item =
            [items?["root.tar.xz"], items?["root.squashfs"]].lazy.compactMap { $0 }.first { $0["path"]?.text != nil }
        return item.flatMap(file)
    }

    private static func file(_ item: JSONValue) -> File? {
        guard let path = item["path"]?.text else { return nil }
        let sha256 = item["sha256"]?.text?.lowercased()
        let isDigest = sha256?.utf8.count == 64 && sha256?.utf8.allSatisfy(isHexadecimalDigit) == true
        return File(path: path, sha256: isDigest ? sha256 : nil, size: item["size"]?.scalar.flatMap { UInt64($0) })
    }

    /// `20261120_05:24`, in UTC, as seconds since 1970.
    static func date(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 14, bytes[8] == UInt8(ascii: "_"), bytes[11] == UInt8(ascii: ":") else { return nil }
        func number(_ range: Range<Int>) -> Int32? {
            guard bytes[range].allSatisfy(isDigit) else { return nil }
            return bytes[range].reduce(0) { 10 * $0 + Int32($1 - 0x30) }
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(12..<14), (1970...9999).contains(year), (1...12).contains(month),
            (1...31).contains(day),
            hour < 24, minute < 60
        else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (year - 1900, month - 1, day)
        (time.tm_hour, time.tm_min) = (hour, minute)
        return timegm(&time)
    }

    /// Why a path of the server's is not used; nil where it is a plain relative one.
    public static func fault(in path: String) -> String? {
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
