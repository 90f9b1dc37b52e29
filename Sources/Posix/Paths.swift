import Glibc

/// The path with all links resolved: realpath(3).
package func resolvedPath(_ path: String) throws(SystemError) -> String {
    guard let resolved = realpath(path, nil) else { throw SystemError("realpath", path) }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// Whether `path` is `directory` or lies below it; both resolved.
///
/// Compared by their bytes, as the kernel does: strings that Swift calls equal (é, composed or not) are two paths.
package func isInside(_ path: String, _ directory: String) -> Bool {
    if path.utf8.elementsEqual(directory.utf8) { return true }
    return path.utf8.starts(with: directory.utf8.last == UInt8(ascii: "/") ? directory.utf8 : (directory + "/").utf8)
}

/// `directory/name` with one slash between.
package func joined(_ directory: String, _ name: String) -> String {
    directory.utf8.last == UInt8(ascii: "/") ? directory + name : directory + "/" + name
}

/// The names in a directory, `.` and `..` left out, in no particular order.
package func directoryEntries(_ path: String) throws(SystemError) -> [String] {
    guard let directory = opendir(path) else { throw SystemError("opendir", path) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}

/// The value of an environment variable, nil where it is unset or empty.
package func environmentVariable(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}

/// The home directory of this process's user: HOME, else what passwd(5) says; nil if neither says anything.
package func homeDirectory() -> String? {
    environmentVariable("HOME") ?? getpwuid(geteuid()).flatMap { $0.pointee.pw_dir }.map { String(cString: $0) }
}

/// `count` random hexadecimal digits from getrandom(2): a name that nobody can foresee.
package func randomName(digits count: Int = 16) -> String {
    var generator = SystemRandomNumberGenerator()
    return String((0..<count).map { _ in "0123456789abcdef".randomElement(using: &generator)! })
}
