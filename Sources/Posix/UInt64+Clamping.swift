/// Arithmetic on numbers from outside, which may be anything: a result that is too large for its type becomes the
/// largest number of the type.
extension UInt64 {
    /// Returns the sum, at most `UInt64.max`.
    package func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// Returns the product, at most `UInt64.max`.
    package func multipliedClamped(by other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
