import DriverProtocol

/// The place where a marketplace's imports publish images.
package protocol Publications {
    /// Whether another machine publishes them: an image that a killed import has requested may then still appear.
    var areRemote: Bool { get }
    /// Removes an image if that very import has published it. Returns whether it had. The name and the attempt come
    /// from a file: they can be anything.
    func takeBack(_ publication: Publication) throws -> Bool
    /// Removes whatever ended imports of the message's app have left that no journal lists. Returns whether there was
    /// an image.
    func clear(after message: Message) throws -> Bool
}
