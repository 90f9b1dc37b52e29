import Glibc

/// Returns the path with all links resolved: realpath(3).
package func resolvedPath(_ path: String) throws(SystemError) -> String {
    guard let resolved = realpath(path, nil) else { throw SystemError("realpath", path) }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// Returns the content of a symbolic link: readlink(2).
package func linkTarget(_ path: String) throws(SystemError) -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = try retrying("readlink", path) { readlink(path, &buffer, buffer.count) }
    return String(decoding: buffer[..<count], as: UTF8.self)
}

/// Whether `path` is `directory` or lies below it. Both must be resolved.
///
/// They are compared by their bytes, as the kernel does: strings that Swift calls equal (é, composed or not) are two
/// paths.
package func isInside(_ path: String, _ directory: String) -> Bool {
    if path.utf8.elementsEqual(directory.utf8) { return true }
    return path.utf8.starts(with: directory.utf8.last == UInt8(ascii: "/") ? directory.utf8 : (directory + "/").utf8)
}

/// Whether a path begins with a slash, whatever the working directory is.
package func isAbsolute(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "/") }

/// Returns `directory/name` with one slash between.
package func joined(_ directory: String, _ name: String) -> String {
    directory.utf8.last == UInt8(ascii: "/") ? directory + name : directory + "/" + name
}

/// Returns the working directory: getcwd(3).
package func workingDirectory() throws(SystemError) -> String {
    guard let path = getcwd(nil, 0) else { throw SystemError("getcwd", ".") }
    defer { free(path) }
    return String(cString: path)
}

/// Returns the names in a directory, without `.` and `..`, in no particular order.
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

/// Returns `count` random hexadecimal digits from getrandom(2): a name that nobody can foresee.
package func randomName(digits count: Int = 16) -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in String(UInt8.random(in: 0..<16, using: &generator), radix: 16) }.joined()
}

/// Returns the name of this machine, or nil if it has none: gethostname(2).
package func hostName() -> String? {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0, name[0] != 0 else { return nil }
    return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
}

/// Whether a search path leads to a program of this name.
///
/// - Parameter path: directories with colons between; nil for PATH.
package func isInstalled(_ program: String, path: String? = nil) -> Bool {
    (path ?? CurrentProcess.environmentVariable("PATH") ?? "/usr/bin:/bin").split(separator: ":").contains {
        access(joined(String($0), program), X_OK) == 0
    }
}

/// Returns the name of a user of this machine, or nil if it has none: getpwuid(3).
package func userName(_ user: uid_t) -> String? {
    getpwuid(user).map { String(cString: $0.pointee.pw_name) }
}
