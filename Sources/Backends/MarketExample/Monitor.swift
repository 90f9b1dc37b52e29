import AppTransfer
import DriverProtocol

/// `market/example/monitor`: how much room the marketplace has.
public enum Monitor: Action {
    public static let name = "market/example/monitor"
    public static let purpose = "prints USED_MB, FREE_MB and TOTAL_MB of SHELF's file system"
    public static let inputs = Shelf.inputs

    public static func run(_ request: Request) throws -> Reply {
        let shelf = try Shelf(request)
        ImportJournal(request, shelf).sweep()
        let space = try shelf.images.space()
        return Reply(usedMB: space.used >> 20, freeMB: space.available >> 20, totalMB: space.total >> 20)
    }
}
