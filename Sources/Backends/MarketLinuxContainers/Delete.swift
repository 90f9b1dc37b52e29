import Catalog
import DriverProtocol

/// `market/linuxcontainers/delete`: no app can be deleted from a public catalog.
package enum Delete: RefusedAction {
    package static let name = "market/linuxcontainers/delete"
}
