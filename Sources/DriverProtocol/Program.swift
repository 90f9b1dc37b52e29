/// What a launcher under `remotes/` runs.
package protocol Program {
    /// Its path under `remotes/`: `market/http/import`.
    static var name: String { get }
    /// What it does and prints, for `--help`.
    static var purpose: String { get }
    /// Runs it to its end.
    static func main(_ arguments: ArraySlice<String>) -> Never
}
