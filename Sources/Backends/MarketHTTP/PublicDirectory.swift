import AppTransfer
import Bytes
import DriverProtocol
import ImageTransfer

/// The marketplace: a directory and the URL under which a web server serves it.
struct PublicDirectory: Publications {
    /// Digits of a file's name.
    static let nameLength = 32
    static let inputs = [publicDir, baseURLInput, bridgeList]
    static let appSource = Input.appSource(
        "URL of the app's file: `BASE_URL/NAME`.", example: "http://frontend.example/market/NAME")
    private static let publicDir = Input.required(
        "MARKETPLACE/TEMPLATE/PUBLIC_DIR",
        "Absolute path of the directory. It must exist: the drivers never create it.",
        example: "/var/www/market")
    private static let baseURLInput = Input.required(
        "MARKETPLACE/TEMPLATE/BASE_URL", "URL of the directory on the web server: `http://…` or `https://…`.",
        example: "http://frontend.example/market")
    private static let bridgeList = Input.optional(
        "MARKETPLACE/TEMPLATE/BRIDGE_LIST", "Hosts that hold the directory, separated by spaces.",
        otherwise: "the front-end")

    let path: String
    let baseURL: WebURL
    /// The directory of the files: on this machine, or on the hosts of BRIDGE_LIST.
    let images: any ImageDirectory
    /// The directory on each host of BRIDGE_LIST by itself; none if it is on this machine.
    let hosts: [RemoteDirectory]

    init(_ request: Request) throws {
        let message = request.message
        path = try message.requiredPath(Self.publicDir)
        baseURL = try Self.baseURL(message)
        let bridge = try BridgeHosts(request, at: Self.bridgeList)
        images = try imageDirectory(path, bridge: bridge, log: request.log)
        hosts = (bridge?.each ?? []).map { [path] in RemoteDirectory(path: path, on: $0, log: request.log) }
    }

    private static func baseURL(_ message: Message) throws(DriverError) -> WebURL {
        // A character that a template or a URL cannot hold would make the SOURCE that comes back differ from the one
        // returned.
        guard let url = WebURL(base: try message.required(baseURLInput)), Template.representable(url.text) == url.text,
            url.text.utf8.allSatisfy({ isVisible($0) && !"\"\\".utf8.contains($0) })
        else {
            throw message.invalid(baseURLInput, "is no URL", remedy: "write it as in http://frontend.example/market")
        }
        return url
    }

    /// Returns the URL of the file `name`.
    func url(of name: String) -> WebURL { baseURL.appending("/" + name) }

    /// Returns the name of an app's file: its SOURCE without BASE_URL. Throws if that is no file directly in the
    /// directory.
    func fileName(of message: Message) throws(DriverError) -> String {
        // Compared as bytes, as the file system does: a Character may be a slash with an accent on it.
        let source = try message.required(Self.appSource).utf8
        let slash = UInt8(ascii: "/")
        guard source.starts(with: (baseURL.text + "/").utf8) else {
            throw message.invalid(
                Self.appSource, "does not begin with BASE_URL \(quoted(baseURL))",
                remedy: "restore BASE_URL, or handle the file in \(quoted(path)) by hand")
        }
        let name = source.dropFirst(baseURL.text.utf8.count).drop { $0 == slash }
        guard let first = name.first, first != UInt8(ascii: "."), !name.contains(slash) else {
            throw message.invalid(
                Self.appSource, "names no file directly in PUBLIC_DIR", remedy: "correct the app's SOURCE")
        }
        return String(decoding: name, as: UTF8.self)
    }

    var areRemote: Bool { images.isRemote }

    func takeBack(_ publication: Publication) throws -> Bool {
        let name = publication.name.utf8
        // In small letters, as they are made.
        guard isHexadecimal(name, digits: Self.nameLength), name.allSatisfy({ lowercased($0) == $0 }) else {
            return false
        }
        images.removeAbandoned()
        return try images.remove(publication.name)
    }

    func clear(after message: Message) throws -> Bool {
        images.removeAbandoned()
        return false
    }
}
