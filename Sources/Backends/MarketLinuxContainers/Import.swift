import Catalog
import DriverProtocol

/// `market/linuxcontainers/import`: a public catalog takes no apps.
package enum Import: RefusedAction {
    package static let name = "market/linuxcontainers/import"
}
