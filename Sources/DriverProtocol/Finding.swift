/// What a check has found of something that has not failed, in a few words.
package enum Finding: Sendable {
    case works(String)
    /// It works, and could be better.
    case note(String)
}
