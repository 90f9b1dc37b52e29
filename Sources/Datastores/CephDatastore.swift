import Checksums
import DriverProtocol
import Glibc
import ImageTransfer
import Posix

/// A datastore in a pool of a Ceph cluster, which is reached on the hosts of BRIDGE_LIST, or on this machine if there
/// are none. DS_MAD `ceph`. An image's SOURCE is `POOL/NAME`.
package struct CephDatastore: Datastore {
    private static let bridgeList = Input.optional(
        "DATASTORE/TEMPLATE/BRIDGE_LIST", "Hosts that run `rbd`, separated by spaces.", otherwise: "the front-end")
    private static let poolName = Input.optional(
        "DATASTORE/TEMPLATE/POOL_NAME", default: "one", "Pool of the images.")
    private static let dataPoolName = Input.optional(
        "DATASTORE/TEMPLATE/EC_POOL_NAME", "Pool for the data of images (`rbd --data-pool`).")
    private static let credentials = [user, keyFile, configuration]
    private static let user = Input.optional(
        "DATASTORE/TEMPLATE/CEPH_USER", "Ceph user (`rbd --id`).", otherwise: "Ceph's default")
    private static let keyFile = Input.optional(
        "DATASTORE/TEMPLATE/CEPH_KEY", "Path of a file with only the user's key, on the host that runs `rbd`.",
        otherwise: "Ceph's default")
    private static let configuration = Input.optional(
        "DATASTORE/TEMPLATE/CEPH_CONF", "Path of the cluster's configuration, on the host that runs `rbd`.",
        otherwise: "Ceph's default")
    private static let rbdFormat = Input.optional(
        "DATASTORE/TEMPLATE/RBD_FORMAT", "Format of new images: `2`, or `1` to leave the choice to Ceph.",
        otherwise: "Ceph's default")
    /// What no other datastore has.
    package static let ownInputs = [poolName, dataPoolName] + credentials + [rbdFormat]
    package static let inputs = [bridgeList] + ownInputs
    package static let placeInput: Input? = poolName

    package let format: String? = "raw"
    package let needsFormat = true
    private let cluster: CephCluster
    private let pool: String
    /// The pool for the images' data, if that is not the pool itself: EC_POOL_NAME.
    private let dataPool: String?
    private let imageFormat: String?
    private let stagingDirectory: String
    private let log: Log

    /// Reads the datastore's attributes, and `etc/datastore/ceph/ceph.conf` for those that it has not. Throws a
    /// ``DriverError`` that names one with a bad value.
    package init(_ request: Request) throws(DriverError) {
        let message = request.message
        let path = request.installation.remotes + "/etc/datastore/ceph/ceph.conf"
        let defaults = try Self.defaults(path, log: request.log)
        func value(_ input: Input) -> String? { message.stated(input) ?? defaults[input.name] }
        func invalid(_ input: Input, _ cause: String, remedy: String) -> DriverError {
            guard message.stated(input) == nil, let value = defaults[input.name] else {
                return message.invalid(input, cause, remedy: remedy + " (onedatastore update)")
            }
            return DriverError(
                "use", "\(input.name) in \(path)", cause: "its value \(quoted(oneLine(value, limit: 200))) \(cause)",
                remedy: remedy)
        }
        func poolName(_ input: Input) throws(DriverError) -> String? {
            guard let pool = value(input) ?? input.standard else { return nil }
            guard RBDImage.isName(pool) else {
                throw invalid(input, "cannot be the name of a pool", remedy: "correct it")
            }
            return pool
        }
        cluster = CephCluster(
            try BridgeHosts(request, at: Self.bridgeList),
            CephCredentials { (name) throws(Never) in Self.credentials.first { $0.name == name }.flatMap(value) },
            request.settings, log: request.log)
        pool = try poolName(Self.poolName) ?? ""
        dataPool = try poolName(Self.dataPoolName)
        switch value(Self.rbdFormat) {
        case nil, "1": imageFormat = nil
        case "2": imageFormat = "2"
        default: throw invalid(Self.rbdFormat, "is no format of rbd", remedy: "write 2")
        }
        stagingDirectory = request.settings.stagingDirectory
        log = request.log
    }

    /// Returns the variables of OpenNebula's file of defaults, which the stock drivers source. Here nothing of it is run.
    private static func defaults(_ path: String, log: Log) throws(DriverError) -> [String: String] {
        do throws(SystemError) {
            let file = try VariableFile(path: path)
            if let warning = file.warning(of: path) { log.warning(warning) }
            return Dictionary(file.variables.map { ($0.name, $0.value) }) { $1 }.filter { !$0.value.isEmpty }
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return [:] }
            throw DriverError("read", path, error)
        }
    }

    package func find(_ image: StoredImage, md5: Bool) throws -> ImportInfo {
        let source = try RBDSource(try place(of: image), in: cluster)
        let location = RBDLocation(host: source.host, image: try place(of: image), credentials: cluster.credentials)
        return ImportInfo(
            source: location.url, md5: md5 ? try Digest(.md5).finish(reading: source, log: log) : nil,
            size: source.information.size.megabytesRoundedUp, format: "raw")
    }

    private func place(of image: StoredImage) throws(DriverError) -> RBDImage {
        guard let place = RBDImage(image.source) else {
            throw image.invalidSource("is no image of a pool", remedy: "correct the image's SOURCE")
        }
        return place
    }

    package func stage(_ image: NewImage) throws -> any StagedImage {
        // An app that a person brings in must not take the name that an image of oned is going to have.
        let sink = try RBDSink(
            cluster, pool: pool, name: image.isApp ? "one-app-\(image.id)" : "one-\(image.id)", dataPool: dataPool,
            format: imageFormat)
        try sink.checkRoom(for: image.needed)
        return CephImage(sink, format: image.format, stagingDirectory: stagingDirectory, log: log)
    }

    package func remove(_ source: String) throws -> Bool {
        guard let image = RBDImage(source), image.pool.utf8.elementsEqual(pool.utf8), image.namespace == nil,
            image.snapshot == nil
        else {
            return false
        }
        return try cluster.remove(image)
    }
}
