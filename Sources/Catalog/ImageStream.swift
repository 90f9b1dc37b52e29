import DriverProtocol
import Glibc
import JSON

/// The images of a simplestreams server, from its `streams/v1/images.json`.
public enum ImageStream {
    public static let path = "/streams/v1/images.json"

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
        let hasProducts = try document.read { reader, release in
            try products(of: &reader) { key, reader in
                let parts = key.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
                if parts.count == 4, parts[3] == "default", architectures.contains(parts[2]) {
                    let newest = try newestVersion(&reader)
                    body(
                        Product(
                            distribution: parts[0], release: parts[1], architecture: parts[2], built: newest?.date,
                            file: newest.flatMap { rootFile($0.value) }))
                } else {
                    try reader.skip()
                }
                release(reader.offset)
            }
        }
        guard hasProducts else { throw AppReport.Unusable("it has no list 'products'") }
    }

    /// The file that lies at `path`; nil where the server lists none there.
    public static func file(at path: String, in document: inout CatalogDocument) throws -> File? {
        var found: File?
        _ = try document.read { reader, release in
            try products(of: &reader) { _, reader in
                try each("versions", of: &reader) { _, reader in
                    try each("items", of: &reader) { _, reader in
                        guard let item = try reader.valueOrSkip(), item["path"]?.text == path else { return }
                        found = file(item)
                    }
                }
                release(reader.offset)
            }
        }
        return found
    }

    // MARK: Reading

    private static func products(
        of reader: inout JSONReader, _ body: (String, inout JSONReader) throws -> Void
    ) throws -> Bool {
        var hasProducts = false
        let isObject = try reader.members { name, reader in
            guard name == "products" else { return try reader.skip() }
            hasProducts = try reader.members(body)
            if !hasProducts { try reader.skip() }
        }
        if !isObject { try reader.skip() }
        return hasProducts
    }

    /// Reads an object, and calls `body` for the members of its member `name`.
    private static func each(
        _ name: String, of reader: inout JSONReader, _ body: (String, inout JSONReader) throws -> Void
    ) throws {
        let isObject = try reader.members { key, reader in
            guard key == name, try reader.members(body) else { return try reader.skip() }
        }
        if !isObject { try reader.skip() }
    }

    /// The version with the latest date, wherever it stands.
    private static func newestVersion(_ reader: inout JSONReader) throws -> (date: Int, value: JSONValue)? {
        var newest: (date: Int, start: JSONReader)?
        try each("versions", of: &reader) { key, reader in
            if let date = date(key), date > newest?.date ?? -1 { newest = (date, reader) }
            try reader.skip()
        }
        guard var found = newest, let value = try found.start.valueOrSkip() else { return nil }
        return (found.date, value)
    }

    private static func rootFile(_ version: JSONValue) -> File? {
        let items = version["items"]
        let item =
            ["root.tar.xz", "root.squashfs"].lazy.compactMap { items?[$0] }.first { $0["path"]?.text != nil }
        return item.flatMap(file)
    }

    private static func file(_ item: JSONValue) -> File? {
        guard let path = item["path"]?.text else { return nil }
        let sha256 = item["sha256"]?.text?.lowercased()
        let isDigest = sha256?.utf8.count == 64 && sha256?.allSatisfy { $0.isHexDigit && $0.isASCII } == true
        return File(path: path, sha256: isDigest ? sha256 : nil, size: item["size"]?.scalar.flatMap { UInt64($0) })
    }

    /// `20261120_05:24`, in UTC, as seconds since 1970.
    static func date(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 14, bytes[8] == UInt8(ascii: "_"), bytes[11] == UInt8(ascii: ":") else { return nil }
        func number(_ range: Range<Int>) -> Int32? {
            bytes[range].allSatisfy { (0x30...0x39).contains($0) }
                ? Int32(String(decoding: bytes[range], as: UTF8.self)) : nil
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
        let isPlain = path.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) && byte < 0x80
                || "-._~+/:".utf8.contains(byte)
        }
        guard isPlain, !path.contains("://") else { return "its path has characters that no path of an image has" }
        guard path.utf8.count <= 512 else { return "its path is too long" }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            return "its path leads out of the server's images"
        }
        return nil
    }
}
