import DriverProtocol
import Foundation
import Posix
import TestSupport
import Testing

/// Images on their way from each datastore through each marketplace into each datastore, by `one_market` and `cp` as oned
/// runs them: the table of docs/datastores.md.
@Suite struct DatastoreMatrixTests {
    @Test(arguments: DatastoreMatrix.Kind.allCases) func everyWay(_ kind: DatastoreMatrix.Kind) throws {
        let matrix = try DatastoreMatrix(kind)
        for (index, from) in DatastoreMatrix.Store.allCases.enumerated() {
            let image = try matrix.bring(matrix.image, into: from, isKept: true)
            // Each kind takes another turn: together they go from each datastore through each marketplace into each.
            let to = DatastoreMatrix.Store.allCases[(index + kind.rawValue) % DatastoreMatrix.Store.allCases.count]
            for app in try matrix.upload(image, from) {
                let result = try matrix.bring(app, into: to)
                try matrix.expectDisk(result, of: app, in: to)
                try matrix.remove(result, from: to)
            }
            try matrix.remove(image, from: from)
        }
        #expect(try matrix.leftovers() == [])
    }
}

/// Three datastores and three marketplaces, and one image.
struct DatastoreMatrix {
    /// The image, as a user has it.
    enum Kind: Int, CaseIterable, Sendable {
        case qcow2, sparse, compressed
    }

    enum Store: String, CaseIterable {
        case fs = "datastore"
        case bridge = "bridged"
        case ceph
    }

    enum Market: CaseIterable {
        case http, bridge, s3
    }

    /// What `cp` has answered.
    struct Image {
        let source: String
        let format: String
    }

    struct App {
        let market: Market
        let source: String
        let md5: String
        let format: String
    }

    private static let template = "DATASTORE/TEMPLATE/"
    private static let marketplace = "MARKETPLACE/TEMPLATE/"
    private static let length: Int64 = 24_000_512
    let image: String
    private let kind: Kind
    /// What a machine would read.
    private let disk: String
    private let ceph: CephMarket
    private let nginx: Nginx
    private let gateway: S3Server
    private let bucket: String
    private let driver: OneMarketRig

    private var directory: TemporaryDirectory { ceph.market.directory }

    init(_ kind: Kind) throws {
        self.kind = kind
        ceph = try CephMarket(.bridge)
        let market = ceph.market
        nginx = try Nginx(root: market.publicDirectory)
        gateway = try S3Server.shared(.ceph)
        bucket = "matrix-\(kind)"
        #expect(try gateway.tool("make-bucket", bucket).status.isSuccess)
        driver = try OneMarketRig(
            drivers: Dictionary(
                uniqueKeysWithValues: [
                    "datastore/fs/export", "datastore/ceph/export", "market/http/import", "market/s3/import",
                ]
                .map { ($0, Programs.launcher($0)) }),
            environment: ceph.environment, in: market.directory)
        disk = try TestFiles.makeSparse(
            market.directory.path("disk"), length: Self.length,
            data: [0: TestFiles.noise(5000), 9_000_000: TestFiles.noise(1 << 20), Self.length - 9: TestFiles.noise(9)])
        image = ceph.sources + "/image"
        let command =
            switch kind {
            case .qcow2: "qemu-img convert -O qcow2 \"$1\" \"$2\""
            case .sparse: "cp --sparse=always \"$1\" \"$2\""
            case .compressed: "gzip < \"$1\" > \"$2\""
            }
        try TestFiles.succeed(["sh", "-c", command, "sh", disk, image])
    }

    // MARK: Datastores

    private func on(_ store: Store, _ message: DriverMessage) -> DriverMessage {
        store == .ceph
            ? ceph.onCeph(message)
            : message.with([
                "DATASTORE/BASE_PATH": directory.path(store.rawValue),
                Self.template + "BRIDGE_LIST": store == .bridge ? ceph.bridges : nil,
            ])
    }

    private func copy(_ message: DriverMessage, into store: Store) throws -> Image {
        let id = CephMarket.newID()
        let outcome = try ceph.act(
            store == .ceph ? "datastore-ceph-cp" : "datastore-fs-cp", on(store, message).with("IMAGE/ID", id), id: id)
        #expect(outcome.status == .exited(0) && outcome.reasons == [], "\(kind) \(store): \(outcome.errors)")
        let words = outcome.output.split(whereSeparator: \.isWhitespace).map(String.init)
        try #require(words.count == 2)
        return Image(source: words[0], format: words[1])
    }

    /// Brings in a file. A compressed one stays so in a datastore of files if it is kept.
    func bring(_ path: String, into store: Store, isKept: Bool) throws -> Image {
        let keeps = isKept && kind == .compressed && store != .ceph
        return try copy(ceph.copyMessage(path).with(Self.template + "NO_DECOMPRESS", keeps ? "YES" : nil), into: store)
    }

    /// Brings in an app, which has to be what its MD5 stands for.
    func bring(_ app: App, into store: Store) throws -> Image {
        let message = try on(app.market, DriverMessage("datastore-cp-from-app-http-qcow2"))
        return try copy(
            message.with(["IMAGE/PATH": app.source, "IMAGE/TEMPLATE/FROM_APP_MD5": app.md5]), into: store)
    }

    /// Expects the disk that the app was made of.
    func expectDisk(_ image: Image, of app: App, in store: Store) throws {
        #expect(image.format == (store == .ceph ? "raw" : app.format))
        var path = image.source
        if store == .ceph {
            path = directory.path("fetched")
            try ceph.rig.fetch(image.source, to: path)
        }
        let compare = image.format == "raw" ? ["cmp"] : ["qemu-img", "compare", "-f", "raw", "-F", image.format]
        #expect(try run(compare + [disk, path]).status.isSuccess, "\(kind) from \(app.market) into \(store)")
        let used = try store == .ceph ? Int64(ceph.rig.usage(of: image.source)) : TestFiles.status(path).allocatedSize
        #expect(0..<16 << 20 ~= used)
    }

    func remove(_ image: Image, from store: Store) throws {
        if store == .ceph {
            try ceph.rig.ask("rm", "--no-progress", image.source)
        } else {
            try FileManager.default.removeItem(atPath: image.source)
        }
    }

    // MARK: Marketplaces

    private func on(_ market: Market, _ message: DriverMessage) -> DriverMessage {
        if market == .s3 {
            return message.with([
                "MARKETPLACE/MARKET_MAD": "s3", Self.marketplace + "BUCKET": bucket,
                Self.marketplace + "ENDPOINT": gateway.endpoint, Self.marketplace + "REGION": "default",
                Self.marketplace + "ACCESS_KEY_ID": gateway.accessKey,
                Self.marketplace + "SECRET_ACCESS_KEY": gateway.secretKey, Self.marketplace + "AWS": "NO",
                Self.marketplace + "FORCE_PATH_STYLE": "YES",
            ])
        }
        return message.with([
            Self.marketplace + "BASE_URL": nginx.url(""), Self.marketplace + "PUBLIC_DIR": ceph.market.publicDirectory,
            Self.marketplace + "BRIDGE_LIST": market == .bridge ? ceph.bridges : nil,
        ])
    }

    /// Uploads an image into all marketplaces at once, and checks what lies there.
    func upload(_ image: Image, _ store: Store) throws -> [App] {
        let ids = (0..<Market.allCases.count).map { _ in Int(CephMarket.newID()) ?? 0 }
        for (id, market) in zip(ids, Market.allCases) {
            let message = try on(market, on(store, DriverMessage("market-http-import"))).with([
                "MARKETPLACEAPP/ID": "\(id)", "IMAGE/SOURCE": image.source, "IMAGE/FORMAT": image.format,
                Self.template + "SAFE_DIRS": nil,
            ])
            try driver.send("IMPORT", id, message.xml)
        }
        return try ids.map { _ in
            let answer = try driver.answer().split(separator: " ").map(String.init)
            try #require(answer.count == 4 && answer[1] == "SUCCESS", "\(kind) from \(store): \(answer)")
            let reply = try Template(parsing: String(decoding: #require(Base64.decode(answer[3].utf8)), as: UTF8.self))
            let id = try #require(Int(answer[2]))
            let market = Market.allCases[try #require(ids.firstIndex(of: id))]
            let source = try #require(reply["SOURCE"])
            let app = App(
                market: market, source: source, md5: try #require(reply["MD5"]), format: try #require(reply["FORMAT"]))
            #expect(app.format == image.format)
            let stored =
                market == .s3
                ? try gateway.ask("md5", bucket, "marketapp-\(id)").first
                : try TestFiles.md5(ceph.market.publicDirectory + "/" + source.dropFirst(nginx.url("/").count))
            #expect(stored == app.md5, "\(kind) from \(store) into \(market)")
            return app
        }
    }

    /// What lies in the datastores and where images are put together, and is of no use.
    func leftovers() throws -> [String] {
        try [Store.fs.rawValue, Store.bridge.rawValue, "staging"].flatMap { try directory.names(in: $0) }
            + directory.names(in: "public").filter { $0.hasPrefix(".") } + gateway.ask("uploads", bucket)
    }
}
