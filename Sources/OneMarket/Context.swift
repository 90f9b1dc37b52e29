/// Shared by all requests.
struct Context: Sendable {
    let options: Options
    let remotes: String
    let environment: Environment
    /// Warnings about the driver's start, for oned's log.
    var warnings: [String] = []
    var limits = Limits()
}
