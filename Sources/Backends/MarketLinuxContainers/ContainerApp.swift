import Catalog
import Checksums
import ContainerImages
import DriverProtocol

/// The app for a container image.
struct ContainerApp {
    typealias Unusable = AppReport.Unusable

    private let product: SimpleStreams.Product
    private let market: CatalogMarket
    private let options: ContainerOptions
    /// The app's name if oned accepted any: the stock driver gives it to oned.
    let title: String
    /// The name in OpenNebula.
    let name: String?

    init(_ product: SimpleStreams.Product, market: CatalogMarket, options: ContainerOptions) {
        self.product = product
        self.market = market
        self.options = options
        let plain = "\(product.distribution)_\(product.release)"
        title = product.architecture == "x86_64" ? plain : "\(plain) (\(product.architecture))"
        name = market.names.name(for: title)
    }

    func passes(_ filter: AppFilter) -> Bool {
        filter.isEmpty || filter.passes(type: "IMAGE", architectures: [product.architecture], tags: [], name: title)
    }

    func template() throws(Unusable) -> AppTemplate {
        guard let name, !product.distribution.isEmpty, !product.release.isEmpty else {
            throw Unusable("it has no name")
        }
        guard let built = product.built else { throw Unusable("none of its versions has a date") }
        guard let file = product.file else {
            throw Unusable("none of its versions has a root.tar.xz or a squashfs")
        }
        if let fault = SimpleStreams.fault(in: file.path) { throw Unusable(fault) }
        guard file.sha256 != nil || !options.verifies else { throw Unusable("it has no SHA-256 to verify it by") }

        let url = market.endpoint.appending("/" + file.path)
        let image = ContainerImage(
            url: url, size: options.imageSize, fileSystem: options.fileSystem, format: options.format,
            isContextualized: options.isContextualized)
        var app = AppTemplate()
        try app.append("NAME", name)
        try app.append("SOURCE", image.source)
        try app.append("IMPORT_ID", "-1")
        try app.append("ORIGIN_ID", "-1")
        try app.append("TYPE", "IMAGE")
        try app.append("PUBLISHER", market.statedEndpoint)
        try app.append("FORMAT", options.format.rawValue)
        try app.append("DESCRIPTION", "Downloaded from \(market.statedEndpoint)")
        try app.append("VERSION", "1.0")
        try app.append("REGTIME", String(built))
        try app.append("LINK", url.text)
        try app.append("ARCHITECTURE", product.architecture)
        try app.append("HYPERVISOR", "lxc")
        try app.append("SIZE", String(options.imageSize))
        try app.append("MD5", try checksum(file))
        try app.append("SHA256", optional: file.sha256)
        try app.append("FILE_SIZE", optional: file.size.map { String($0) })
        var disk = AppTemplate()
        try disk.append("DRIVER", options.format.rawValue)
        app.append("APPTEMPLATE64", encoded: disk)
        app.append("VMTEMPLATE64", encoded: try options.machineTemplate(architecture: product.architecture))
        return app
    }

    /// Returns the app's MD5, by whose change oned recognises a new version. It is that of the image's origin and
    /// options, since the image itself does not exist yet.
    private func checksum(_ file: SimpleStreams.File) throws(Unusable) -> String {
        guard let digest = try? Digest.of("\(file.sha256 ?? file.path) \(options.fingerprint)", .md5) else {
            throw Unusable("no checksum can be computed")
        }
        return digest
    }
}
