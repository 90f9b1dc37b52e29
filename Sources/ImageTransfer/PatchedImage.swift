import DriverProtocol

/// Content that is damaged and was put together of what several servers have sent: each of them may be right.
struct PatchedImage: Error {
    /// How often a transfer starts over.
    static let limit = 2

    let damage: DriverError
}

/// Returns what to throw if the content of `source` has turned out to be damaged: `error`, or what makes
/// ``startingOver(_:_:)`` do that.
package func damage(of source: any ImageSource, _ error: DriverError) -> any Error {
    source.isPatched ? PatchedImage(damage: error) : error
}

/// Does a whole transfer, source and sink of its own included, and again from its beginning if what came of several
/// servers was damaged. Throws what `transfer` throws; the damage, where it is there each time.
package func startingOver<Result>(_ log: Log, _ transfer: () throws -> Result) throws -> Result {
    for attempt in 0... {
        do {
            return try transfer()
        } catch let image as PatchedImage {
            guard attempt < PatchedImage.limit else { throw image.damage }
            log.warning("\(image.damage.object) came from several servers, and \(image.damage.cause): starting over")
        }
    }
    fatalError("unreachable")
}
