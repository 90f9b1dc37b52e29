import Catalog
import DriverProtocol

/// `market/one/import`: a public catalog takes no apps.
public enum Import: RefusedAction {
    public static let name = "market/one/import"
}
