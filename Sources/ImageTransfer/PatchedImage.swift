import DriverProtocol

/// Content that is damaged and was put together of what several servers have sent: each of them may be right.
struct PatchedImage: Error {
    /// How often a transfer starts over.
    static let limit = 2

    let damage: DriverError
}

/// Returns the error to throw if the content of `source` is damaged: `error`, or one that makes ``startingOver(_:_:)``
/// start over.
package func damage(of source: any ImageSource, _ error: DriverError) -> any Error {
    source.isPatched ? PatchedImage(damage: error) : error
}

/// Does a whole transfer, source and sink of its own included, and again from its beginning if the bytes of several
/// servers were damaged. Throws the error of `transfer`, or the damage if it is there each time.
///
/// - Parameter isFinal: whether what `transfer` has written cannot be taken back; it is not repeated then.
package func startingOver<Result>(
    _ log: Log, unless isFinal: @autoclosure () -> Bool = false, _ transfer: () throws -> Result
) throws -> Result {
    for attempt in 0... {
        do {
            return try transfer()
        } catch let image as PatchedImage {
            guard attempt < PatchedImage.limit, !isFinal() else { throw image.damage }
            log.warning("\(image.damage.object) came from several servers, and \(image.damage.cause): starting over")
        }
    }
    fatalError("unreachable")
}
