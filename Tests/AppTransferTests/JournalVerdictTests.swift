import Testing

@testable import AppTransfer

@Suite struct JournalVerdictTests {
    private static let day = 86_400.0

    /// The table above ``JournalVerdict/init(_:isAlive:age:_:)``, line by line: the verdicts of a sweep, a deletion
    /// without SOURCE, and one with it.
    private static let table: [(JournalState, alive: [Bool], ages: [Double], [JournalVerdict])] = [
        (.importing, [true], [-5, 0, 400 * day], [.keep, .endImport, .keep]),
        (.importing, [false], [-5, 0, 400 * day], [.takeBack, .takeBack, .takeBack]),
        (.lost, [true, false], [0, 400 * day], [.takeBack, .takeBack, .takeBack]),
        (.answered, [true, false], [-5, 0, 30 * day], [.keep, .takeBack, .forget]),
        (.answered, [true, false], [30 * day + 1], [.forget, .takeBack, .forget]),
        (.deleted, [true, false], [-5, 0, 600], [.keep, .keep, .keep]),
        (.deleted, [true, false], [601], [.forget, .forget, .forget]),
    ]

    @Test(arguments: table.indices) func decides(line: Int) {
        let (state, alive, ages, expected) = Self.table[line]
        for isAlive in alive {
            for age in ages {
                let found = JournalVerdict.Purpose.allCases.map {
                    JournalVerdict(state, isAlive: isAlive, age: age, $0)
                }
                #expect(found == expected, "\(state), alive \(isAlive), \(age) s old")
            }
        }
    }

    /// Nothing but the deletion of its very app touches an import that lives.
    @Test func aLivingImportIsEndedByItsDeletionAlone() {
        for purpose in JournalVerdict.Purpose.allCases {
            for age in [0, 1e9] where purpose != .deletion {
                #expect(JournalVerdict(.importing, isAlive: true, age: age, purpose) == .keep)
            }
        }
    }
}
