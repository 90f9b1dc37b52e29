import Catalog
import DriverProtocol

/// `market/one/delete`: a public catalog gives no apps up.
package enum Delete: RefusedAction {
    package static let name = "market/one/delete"
}
