/// What a line in the journal of imports is about. The journal's files end in these words.
enum JournalState: String {
    /// An import that has not answered: what it publishes is known to nobody.
    case importing = "import"
    /// One that has ended without an answer, and whose image was not there. Where another machine publishes it, it may
    /// still come.
    case lost
    /// One that has answered. Its manager may have died, or oned may have dropped the app meanwhile.
    case answered
    /// Not an import: the app was deleted.
    case deleted
}

/// What an action that finds an entry in the journal does about it.
enum JournalVerdict {
    case keep
    /// Ends the import that runs, and looks again.
    case endImport
    /// Removes what the import has published.
    case takeBack
    /// Removes the entry alone.
    case forget

    /// Why the action looks.
    enum Purpose: CaseIterable {
        /// Any action of the marketplace.
        case sweep
        /// The app is deleted, and oned knows no SOURCE of it.
        case deletion
        /// The app is deleted, its SOURCE with it.
        case deletionWithSource
    }

    /// For how long, in seconds, an answered import is remembered, and a deletion.
    static let answeredAge = 30 * 86_400.0
    static let deletedAge = 600.0

    /// Decides on an entry, whose import may be alive, and which is `age` seconds old.
    ///
    /// | entry     | its import | age         | sweep     | deletion  | deletion with SOURCE |
    /// |-----------|------------|-------------|-----------|-----------|----------------------|
    /// | importing | lives      | any         | keep      | endImport | keep                 |
    /// | importing | is dead    | any         | takeBack  | takeBack  | takeBack             |
    /// | lost      | either     | any         | takeBack  | takeBack  | takeBack             |
    /// | answered  | either     | to 30 days  | keep      | takeBack  | forget               |
    /// | answered  | either     | more        | forget    | takeBack  | forget               |
    /// | deleted   | either     | to 10 min   | keep      | keep      | keep                 |
    /// | deleted   | either     | more        | forget    | forget    | forget               |
    ///
    /// A deletion with SOURCE leaves a living import alone: oned has none then, and what runs by hand is the user's.
    init(_ state: JournalState, isAlive: Bool, age: Double, _ purpose: Purpose) {
        self =
            switch (state, purpose) {
            case (.importing, .deletion) where isAlive: .endImport
            case (.importing, _) where isAlive: .keep
            case (.importing, _), (.lost, _), (.answered, .deletion): .takeBack
            case (.answered, .deletionWithSource): .forget
            case (.answered, .sweep): age > Self.answeredAge ? .forget : .keep
            case (.deleted, _): age > Self.deletedAge ? .forget : .keep
            }
    }
}
