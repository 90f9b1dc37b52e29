/// What an action does about an entry that it finds in the journal.
enum JournalVerdict {
    case keep
    /// Ends the running import, and looks again.
    case endImport
    /// Removes what the import has published.
    case takeBack
    /// Removes the entry alone.
    case forget

    /// The reason why the action looks.
    enum Purpose: CaseIterable {
        /// Any action of the marketplace.
        case sweep
        /// The app is deleted, and oned knows no SOURCE of it.
        case deletion
        /// The app is deleted, its SOURCE with it.
        case deletionWithSource
    }

    /// The seconds for which an answered import is remembered.
    static let answeredAge = 30 * 86_400.0
    /// The seconds for which a deletion is remembered.
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
