import Foundation

/// Python and what is written in it, as Tests/run installs it into a folder of the build.
package enum PythonTools {
    private static let folder = Fixture.packageRoot.appending(path: ".build/python/bin").path

    /// Returns the program of that name: there, else in PATH.
    package static func path(_ name: String) -> String {
        let installed = folder + "/" + name
        return FileManager.default.isExecutableFile(atPath: installed) ? installed : name
    }

    /// The command that runs `Tests/Rigs/NAME` in Python.
    package static func command(_ name: String, _ arguments: String...) -> [String] {
        command(name, arguments)
    }

    package static func command(_ name: String, _ arguments: [String]) -> [String] {
        [path("python3"), Fixture.packageRoot.appending(path: "Tests/Rigs/\(name)").path] + arguments
    }
}
