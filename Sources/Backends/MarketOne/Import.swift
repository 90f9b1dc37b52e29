import Catalog
import DriverProtocol

/// `market/one/import`: a public catalog takes no apps.
package enum Import: RefusedAction {
    package static let name = "market/one/import"
}
