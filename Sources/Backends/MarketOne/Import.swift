import Catalog
import DriverProtocol

/// `market/one/import`: no app can be added to a public catalog.
package enum Import: RefusedAction {
    package static let name = "market/one/import"
}
