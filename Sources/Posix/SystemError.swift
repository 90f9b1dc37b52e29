import Glibc

/// A system call that failed.
public struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call: `open`, `rename`.
    public let call: String
    /// What it was called on: a path, mostly.
    public let object: String
    /// The value of `errno`.
    public let code: Int32

    public init(_ call: String, _ object: String, code: Int32 = errno) {
        self.call = call
        self.object = object
        self.code = code
    }

    /// The system's words for the cause: `No space left on device`.
    public var cause: String { String(cString: strerror(code)) }

    public var description: String { "\(call) '\(object)': \(cause)" }
}

/// The result of a call that answers -1 on failure; a call that a signal interrupted is made again.
@discardableResult
public func retrying<Result: SignedInteger>(
    _ call: String, _ object: String, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        guard errno == EINTR else { throw SystemError(call, object) }
    }
}
