import Catalog
import DriverProtocol

/// `market/linuxcontainers/delete`: a public catalog gives no apps up.
public enum Delete: RefusedAction {
    public static let name = "market/linuxcontainers/delete"
}
