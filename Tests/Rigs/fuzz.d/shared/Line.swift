import DriverProtocol

/// Stops the fuzzer at a line that oned could not store, or a user not read.
func checkLine(_ line: String) {
    var brackets = 0
    for scalar in line.unicodeScalars {
        precondition(scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value), "a control character")
        precondition(scalar != ">" || brackets < 2, "]]> in a line")
        brackets = scalar == "]" ? brackets + 1 : 0
    }
    precondition(line.unicodeScalars.count <= DriverError.maximumLength, "too long a line")
}

/// Stops the fuzzer at a cause that cannot be printed.
func checkCause(_ cause: String) {
    checkLine(DriverError("read", "it", cause: cause, remedy: "stop").description)
}
