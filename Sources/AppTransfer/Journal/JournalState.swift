/// The state of an entry in the journal of imports. The journal's files end in these words.
enum JournalState: String {
    /// An import that has not answered: nobody knows its publication.
    case importing = "import"
    /// An import that has ended without a result, and whose image was not there. If another machine publishes it, it
    /// may still come.
    case lost
    /// An import that has answered. Its manager may have died, or oned may have dropped the app meanwhile.
    case answered
    /// Not an import: the app was deleted.
    case deleted
}
