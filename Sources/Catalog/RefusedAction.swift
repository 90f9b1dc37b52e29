import DriverProtocol

/// An action that a public catalog does not have: what it offers is decided by those who run it.
public protocol RefusedAction: Action {}

extension RefusedAction {
    public static var purpose: String { "refuses: a public catalog is read-only" }
    public static var inputs: [String] { [] }

    public static func run(_ request: Request) throws -> Reply {
        let parts = name.split(separator: "/").map(String.init)
        throw DriverError(
            parts.last ?? name, "an app",
            cause: "a marketplace of MARKET_MAD \(parts.dropLast().last ?? name) is a public"
                + " catalog, which is read-only", remedy: "use a marketplace of your own, of MARKET_MAD http or s3")
    }
}
