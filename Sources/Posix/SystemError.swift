import Glibc

/// A system call that failed.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call: `open`, `rename`.
    package let call: String
    /// The argument of the call: a path, mostly.
    package let object: String
    /// The value of `errno`.
    package let code: Int32

    package init(_ call: String, _ object: String, code: Int32 = errno) {
        self.call = call
        self.object = object
        self.code = code
    }

    /// The system's text for the cause: `No space left on device`.
    package var cause: String { String(cString: strerror(code)) }

    package var description: String { "\(call) '\(object)': \(cause)" }
}

/// Returns the result of a call. Throws if it is -1; a call that a signal interrupted is made again.
@discardableResult
package func retrying<Result: SignedInteger>(
    _ call: String, _ object: String, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        guard errno == EINTR else { throw SystemError(call, object) }
    }
}
