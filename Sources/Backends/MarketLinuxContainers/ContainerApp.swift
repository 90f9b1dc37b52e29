import Catalog
import DriverProtocol
import ImageTransfer

/// The app that a container image becomes.
struct ContainerApp {
    typealias Unusable = AppReport.Unusable

    private let product: ImageStream.Product
    private let market: CatalogMarket
    private let options: ContainerOptions
    /// OpenNebula's word for it.
    private let architecture: String

    init(_ product: ImageStream.Product, market: CatalogMarket, options: ContainerOptions) {
        self.product = product
        self.market = market
        self.options = options
        architecture = AppFilter.architecture(product.architecture)
    }

    /// What the app would be called if oned took any name. Those for x86_64 are named as the stock driver names them.
    var title: String {
        let name = "\(product.distribution)_\(product.release) - LXC"
        return product.architecture == "amd64" ? name : "\(name) (\(architecture))"
    }

    /// In OpenNebula.
    var name: String? { market.names.name(for: title) }

    func passes(_ filter: AppFilter) -> Bool {
        filter.isEmpty || filter.passes(type: "IMAGE", architecture: architecture, tags: [], name: title)
    }

    func template() throws(Unusable) -> Template {
        guard let name, !product.distribution.isEmpty, !product.release.isEmpty else {
            throw Unusable("it has no name")
        }
        guard let built = product.built else { throw Unusable("none of its versions has a date") }
        guard let file = product.file else {
            throw Unusable("its newest version has no root.tar.xz and no root.squashfs")
        }
        if let fault = ImageStream.fault(in: file.path) { throw Unusable(fault) }
        guard file.sha256 != nil || !options.verifies else { throw Unusable("it has no SHA-256 to verify it by") }

        let url = market.endpoint + "/" + file.path
        let image = ContainerImage(
            url: url, size: options.imageSize, fileSystem: options.fileSystem, format: options.format)
        var app = Template()
        app.append("NAME", name)
        app.append("SOURCE", image.source)
        app.append("IMPORT_ID", "-1")
        app.append("ORIGIN_ID", "-1")
        app.append("TYPE", "IMAGE")
        app.append("PUBLISHER", market.endpoint)
        app.append("FORMAT", options.format.rawValue)
        app.append("DESCRIPTION", "Downloaded from \(market.endpoint)")
        app.append("VERSION", "1.0")
        app.append("REGTIME", String(built))
        app.append("LINK", url)
        app.append("ARCHITECTURE", architecture)
        app.append("HYPERVISOR", "lxc")
        app.append("SIZE", String(options.imageSize))
        app.append("MD5", try checksum(file))
        if let sha256 = file.sha256 { app.append("SHA256", sha256) }
        if let size = file.size { app.append("FILE_SIZE", String(size)) }
        var disk = Template()
        disk.append("DRIVER", options.format.rawValue)
        app.append("APPTEMPLATE64", disk.base64)
        app.append("VMTEMPLATE64", options.machineTemplate(architecture: architecture).base64)
        return app
    }

    /// oned takes an app for a new one when its MD5 changes: that of what the image is made of, since the image itself does
    /// not exist yet.
    private func checksum(_ file: ImageStream.File) throws(Unusable) -> String {
        guard let digest = try? Digest.of("\(file.sha256 ?? file.path) \(options.fingerprint)", .md5) else {
            throw Unusable("no checksum can be computed")
        }
        return digest
    }
}
