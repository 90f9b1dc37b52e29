import DriverProtocol

/// An action that a public catalog does not have: those who run it decide what it offers.
package protocol RefusedAction: Action {}

extension RefusedAction {
    package static var purpose: String { "refuses: a public catalog is read-only" }
    package static var inputs: [Input] { [] }

    package static func run(_ request: Request) throws -> Reply {
        let parts = name.split(separator: "/").map(String.init)
        throw DriverError(
            parts.last ?? name, "an app",
            cause: "a marketplace of MARKET_MAD \(parts.dropLast().last ?? name) is a public"
                + " catalog, which is read-only", remedy: "use a private marketplace of your own")
    }
}
