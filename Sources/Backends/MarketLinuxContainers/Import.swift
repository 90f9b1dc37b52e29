import Catalog
import DriverProtocol

/// `market/linuxcontainers/import`: a public catalog takes no apps.
public enum Import: RefusedAction {
    public static let name = "market/linuxcontainers/import"
}
