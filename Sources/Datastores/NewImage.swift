/// What is known of an image before any of it has come.
package struct NewImage: Sendable {
    /// What oned calls it, of which its name is made.
    package let id: String
    /// Whether it is an app that a person brings in, of which oned has no image.
    package let isApp: Bool
    /// The format that it is said to have; nil leaves it to its content.
    package let format: String?
    /// Bytes that must have room at the least; nil if that is not known yet.
    package let needed: UInt64?
    /// Whether an image that is compressed stays so.
    package let staysCompressed: Bool
    /// Whether it may be brought into the datastore's format.
    package let isConvertible: Bool

    package init(
        id: String, isApp: Bool = false, format: String? = nil, needed: UInt64? = nil, staysCompressed: Bool = false,
        isConvertible: Bool = true
    ) {
        (self.id, self.isApp, self.format, self.needed) = (id, isApp, format, needed)
        (self.staysCompressed, self.isConvertible) = (staysCompressed, isConvertible)
    }
}
