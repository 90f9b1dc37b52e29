import Catalog
import DriverProtocol

/// `market/one/delete`: a public catalog gives no apps up.
public enum Delete: RefusedAction {
    public static let name = "market/one/delete"
}
