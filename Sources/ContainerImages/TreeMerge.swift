import DriverProtocol
import Glibc
import Posix

/// Plans the moves that put a package's files into a container's tree, through the tree's own links as the container
/// would follow them (`/lib` to `usr/lib`), never out of it.
struct TreeMerge {
    let tree: ContainerTree
    let files: ContainerTree
    /// The package's name, for errors.
    let name: String
    private(set) var changes = TreeChanges()
    /// The places in the tree of files that will be replaced.
    private(set) var replaced: Set<String> = []

    init(tree: ContainerTree, files: ContainerTree, name: String) {
        self.tree = tree
        self.files = files
        self.name = name
    }

    /// - Parameter skipsControlFiles: whether hidden files at the top belong to the package manager: `.PKGINFO`.
    mutating func walk(skipsControlFiles: Bool) throws {
        for name in files.names(in: "") {
            let status = try status(of: name, in: files)
            if skipsControlFiles, name.hasPrefix("."), status?.isDirectory == false { continue }
            try merge(name)
        }
    }

    private mutating func merge(_ name: String) throws {
        guard let place = tree.place(of: name) else {
            throw conflict("its \(quoted(name)) would lie behind links that lead in circles")
        }
        let isDirectory = try status(of: name, in: files)?.isDirectory == true
        guard let old = try status(of: place, in: tree) else { return move(name, to: place) }
        if isDirectory {
            guard tree.status(name)?.isDirectory == true else {
                throw conflict("its directory \(quoted(name)) is \(old.kind) in the image")
            }
            for child in files.names(in: name) { try merge(name + "/" + child) }
        } else {
            guard !old.isDirectory else { throw conflict("its file \(quoted(name)) is a directory in the image") }
            replaced.insert(place)
            move(name, to: place)
        }
    }

    private mutating func move(_ name: String, to place: String) {
        changes.move(joined(files.path, name), to: place, in: tree)
    }

    private func status(of name: String, in tree: ContainerTree) throws -> FileStatus? {
        do {
            return try FileStatus(path: joined(tree.path, name), followLinks: false)
        } catch let error where error.code == ENOENT || error.code == ENOTDIR {
            return nil
        } catch {
            throw DriverError("put", "the package \(quoted(self.name)) into the image", error)
        }
    }

    private func conflict(_ cause: String) -> DriverError {
        DriverError(
            "put", "the package \(quoted(name)) into the image", cause: cause,
            remedy: "use a package that is made for the image's distribution")
    }
}

/// Changes to a tree that are made all at once, by programs that fakeroot(1) watches: its record of a removed file must
/// not be applied to the next one that gets its inode.
struct TreeChanges {
    private static let script = """
        set -e
        umask 022
        xargs -0 -r -a "$1" rm -rf --
        xargs -0 -r -a "$2" mkdir -p --
        xargs -0 -r -n 2 -a "$3" mv -fT --
        xargs -0 -r -n 2 -a "$4" ln -sfnT --
        """

    private var removals: [String] = []
    private var directories: [String] = []
    private var moves: [String] = []
    private var links: [String] = []

    /// - Parameter place: below the tree, without a link in it, as in the other methods.
    mutating func remove(_ place: String, in tree: ContainerTree) {
        removals.append(joined(tree.path, place))
    }

    /// Moves a file. The directory of `place` is made if it is missing.
    mutating func move(_ file: String, to place: String, in tree: ContainerTree) {
        moves += [file, target(place, in: tree)]
    }

    /// Puts a file with this text, which all may read, in the place of what is there.
    mutating func put(_ text: String, at place: String, in tree: ContainerTree) throws {
        let file = try tree.site.write(Array(text.utf8), to: "text-\(randomName())")
        chmod(file, 0o644)
        move(file, to: place, in: tree)
    }

    /// Makes a symbolic link.
    mutating func link(_ place: String, to text: String, in tree: ContainerTree) {
        links += [text, target(place, in: tree)]
    }

    private mutating func target(_ place: String, in tree: ContainerTree) -> String {
        let target = joined(tree.path, place)
        directories.append(String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)]))
        return target
    }

    func apply(in site: BuildSite) throws {
        let name = "changes-\(randomName())"
        let lists = try [removals, directories, moves, links].enumerated().map { number, list in
            try site.write(list.flatMap { Array($0.utf8) + [0] }, to: "\(name)-\(number)")
        }
        let result = try site.runAsRoot(["sh", "-c", Self.script, "sh"] + lists, changes: true)
        guard result.status.isSuccess else {
            throw site.failure(
                "its files cannot be changed: \(result.reason)", remedy: "check the disk of STAGING_DIR")
        }
    }
}
