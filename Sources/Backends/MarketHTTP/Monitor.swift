import AppTransfer
import DriverProtocol

/// `market/http/monitor`: reports the room of the marketplace.
package enum Monitor: Action {
    package static let name = "market/http/monitor"
    package static let purpose = "prints USED_MB, FREE_MB and TOTAL_MB of PUBLIC_DIR's file system"
    package static let inputs = PublicDirectory.inputs

    package static func run(_ request: Request) throws -> Reply {
        let directory = try PublicDirectory(request)
        ImportJournal(request, directory).sweep()
        let space = try directory.images.space()
        if !space.isKnown { request.log.warning("the file system of PUBLIC_DIR does not tell its size") }
        return Reply(usedMB: space.used >> 20, freeMB: space.available >> 20, totalMB: space.total >> 20)
    }
}
