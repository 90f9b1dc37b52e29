import Foundation
import Glibc
import Posix
import TestSupport

/// docs/adding-a-backend.md, done as it stands in a package of its own.
struct Guide {
    struct Missing: Error {
        let what: String
    }

    /// A block of code, and the last file that the paragraph before it names; nil if that names none.
    struct Block {
        let file: String?
        let code: String
    }

    let blocks: [Block]

    init() throws {
        let page = Fixture.packageRoot.appending(path: "docs/adding-a-backend.md")
        var blocks: [Block] = []
        var paragraph = ""
        var code: (indent: Int, lines: [Substring])?
        let text = try String(contentsOf: page, encoding: .utf8)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isFence = line.drop { $0 == " " }.hasPrefix("```")
            if let begun = code, isFence {
                blocks.append(Block(file: Self.file(in: paragraph), code: begun.lines.map { $0 + "\n" }.joined()))
                (code, paragraph) = (nil, "")
            } else if isFence {
                code = (line.prefix { $0 == " " }.count, [])
            } else if let indent = code?.indent {
                code?.lines.append(line.dropFirst(indent))
            } else if !line.isEmpty {
                paragraph += line + "\n"
            } else if !paragraph.hasSuffix("\n\n") {
                paragraph += "\n"
            }
        }
        self.blocks = blocks
    }

    private static func file(in text: String) -> String? {
        let last = text.split(separator: "\n\n").last ?? ""
        let pieces = last.split(separator: "`", omittingEmptySubsequences: false)
        return pieces.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }.last {
            $0 == "Package.swift" || $0.hasPrefix("Sources/") && $0.hasSuffix(".swift")
                || $0.hasPrefix("remotes/") && !$0.hasSuffix("/")
        }
    }

    /// The block for a file.
    func code(for file: String) throws -> String {
        guard let block = blocks.first(where: { $0.file == file }) else { throw Missing(what: file) }
        return block.code
    }

    static let actions = ["monitor", "import", "delete", "export"]

    /// Returns the block for the monitor's file, changed for another action as the guide says.
    private func code(for file: String, of action: String) throws -> String {
        try code(for: file).replacing("/monitor", with: "/" + action)
    }

    // MARK: The package

    /// Builds the package with the guide's backend, and returns its executable. Unchanged files are not compiled again.
    func build() throws -> String {
        let root = Fixture.packageRoot.appending(path: ".build/guide").path
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let lock = try FileDescriptor.open(root + "/lock", O_RDWR | O_CREAT)
        while !lock.tryLock() { usleep(100_000) }
        try makePackage(at: root)
        let build = [
            "swift", "build", "--package-path", root, "--product", "market-drivers", "-Xswiftc", "-warnings-as-errors",
        ]
        let outcome = try run(build, timeout: 1800)
        guard outcome.status.isSuccess else { throw TestFiles.Failed(build, outcome) }
        return root + "/.build/debug/market-drivers"
    }

    private func makePackage(at root: String) throws {
        let manifest = try String(contentsOf: Fixture.packageRoot.appending(path: "Package.swift"), encoding: .utf8)
        guard let table = manifest.firstRange(of: /let drivers: .* = \[\n/) else { throw Missing(what: "drivers") }
        let row = try code(for: "Package.swift")
        try write(manifest[..<table.upperBound] + row + manifest[table.upperBound...], to: root + "/Package.swift")
        try link("Tests", in: root)
        let main = "Sources/market-drivers/main.swift"
        let folders = ["Sources", "Sources/Backends", "Sources/market-drivers"]
        // All of them first: if a link stood in their place, the guide's files would be written into this checkout.
        for folder in folders {
            try FileManager.default.createDirectory(atPath: root + "/" + folder, withIntermediateDirectories: true)
        }
        for folder in folders {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.below(Fixture.packageRoot))
            where name != "main.swift" {
                try link(folder + "/" + name, in: root)
            }
        }
        for file in blocks.compactMap(\.file) where file.hasPrefix("Sources/Backends/MarketExample/") {
            try write(code(for: file), to: root + "/" + file)
        }
        let list = try String(contentsOfFile: main.below(Fixture.packageRoot), encoding: .utf8)
        let rows = try code(for: main)
        try write(
            "import MarketExample\n" + list.replacing("ActionTable([\n", with: "ActionTable([\n" + rows),
            to: root + "/" + main)
        for action in Self.actions {
            let launcher = try code(for: "remotes/market/example/monitor", of: action)
            try write(launcher, to: root + "/remotes/market/example/\(action)")
        }
    }

    /// Makes a symbolic link to a file of this checkout, if there is nothing yet.
    private func link(_ path: String, in root: String) throws {
        guard symlink(path.below(Fixture.packageRoot), root + "/" + path) != 0, errno != EEXIST else { return }
        throw SystemError("symlink", path)
    }

    /// Writes a file unless it has these contents already: it would be compiled anew.
    private func write(_ text: some StringProtocol, to path: String) throws {
        guard FileManager.default.contents(atPath: path) != Data(text.utf8) else { return }
        let folder = URL(filePath: path).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}

extension String {
    fileprivate func below(_ directory: URL) -> String { directory.appending(path: self).path }
}
