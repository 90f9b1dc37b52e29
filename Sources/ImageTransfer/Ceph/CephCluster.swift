import DriverProtocol

/// A Ceph cluster, by way of rbd(8): on bridge hosts or on this machine.
package struct CephCluster: Sendable {
    let hosts: BridgeHosts
    package let credentials: CephCredentials
    /// The seconds in which Ceph has to answer.
    let timeout: Int

    /// - Parameter hosts: the hosts on which rbd runs; nil for this machine.
    package init(_ hosts: BridgeHosts?, _ credentials: CephCredentials, _ settings: Settings, log: Log) {
        self.hosts = hosts ?? BridgeHosts(onThisMachine: settings, log: log)
        self.credentials = credentials
        timeout = settings.cephTimeout
    }

    /// Starts a script of ``RemoteScript`` that works on `pool`.
    func run(_ script: String, pool: String, _ arguments: [String] = []) throws -> RemoteShell {
        let common = credentials.values.map { $0 ?? "" } + ["\(timeout)", pool]
        return try hosts.run(script, common + arguments, unlessHere: "rbd")
    }

    /// Removes an image. Returns false if there is none.
    package func remove(_ image: RBDImage) throws -> Bool {
        try Self.explaining("delete", "the image \(quoted("\(image)"))") {
            try run(RemoteScript.rbdRemove, pool: image.pool, [image.name]).answer().first == "removed"
        }
    }

    /// Turns the failure of a script into the error of `operation` on `object`.
    static func explaining<Result>(
        _ operation: String, _ object: String, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch let failure as RemoteFailure {
            let problem = RBDProblem(failure.reason)
            throw DriverError(
                operation, "\(object) on host \(failure.host)", cause: problem.cause, remedy: problem.remedy)
        }
    }
}
