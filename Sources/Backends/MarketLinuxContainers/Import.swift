import Catalog
import DriverProtocol

/// `market/linuxcontainers/import`: no app can be added to a public catalog.
package enum Import: RefusedAction {
    package static let name = "market/linuxcontainers/import"
}
