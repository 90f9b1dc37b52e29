import Catalog
import DriverProtocol

/// `market/linuxcontainers/delete`: a public catalog gives no apps up.
package enum Delete: RefusedAction {
    package static let name = "market/linuxcontainers/delete"
}
