/// A family of distributions for which OpenNebula's context packages are made alike, in some of their releases.
struct DistributionFamily: Sendable {
    /// Names in ID or ID_LIKE of os-release(5).
    let names: Set<String>
    /// The releases: from this one on, up to but without that one. Empty, or nil: without a limit.
    let from: [Int]
    let before: [Int]?
    /// The usual one: see ``Distribution/manager(of:in:)``.
    let manager: PackageManager
    let kind: PackedArchive
    /// The words in the names of the packages that are made for it, the best first: `el10`. An empty one stands for
    /// names without such a word.
    let targets: [String]
    /// Packages of the distribution, in the order in which they are installed.
    let packages: [String]
    /// Packages that not every release of it has.
    let optional: [String]

    init(
        names: Set<String>, from: [Int] = [], before: [Int]? = nil, manager: PackageManager, kind: PackedArchive,
        targets: [String], packages: String, optional: String = ""
    ) {
        self.names = names
        self.from = from
        self.before = before
        self.manager = manager
        self.kind = kind
        self.targets = targets
        self.packages = packages.split(separator: " ").map(String.init)
        self.optional = optional.split(separator: " ").map(String.init)
    }

    /// Whether a release belongs to it. One without a number belongs only to what has all of them.
    private func covers(_ version: [Int]) -> Bool {
        guard !version.isEmpty else { return from.isEmpty && before == nil }
        return !version.lexicographicallyPrecedes(from)
            && before.map { version.lexicographicallyPrecedes($0) } ?? true
    }

    /// Returns the family of a distribution, or nil if OpenNebula makes no packages for it.
    ///
    /// - Parameter names: its own name first, then those of the distributions that it is like.
    static func of(names: [String], version: [Int]) -> DistributionFamily? {
        // The nearest kin that is known decides: a release that it lacks is not taken for another one's.
        for name in names {
            let families = all.filter { $0.names.contains(name) }
            if !families.isEmpty { return families.first { $0.covers(version) } }
        }
        return nil
    }

    /// Returns those of the files that are to be installed: of several files of one package that for the best target,
    /// and of these the newest, the first of them if there are more. The others for that target are left out.
    ///
    /// - Parameter machine: the processor of the container, as uname(1) calls it; nil for any.
    func choice<File>(
        of files: [File], machine: String? = nil, name: (File) -> ContextPackageName?
    ) -> (chosen: [File], leftOut: [File]) {
        let candidates = files.compactMap { file in name(file).map { (file: file, name: $0) } }
            .filter { candidate in
                let own = candidate.name.machine
                return candidate.name.kind == kind && (own == nil || machine == nil || own == machine)
            }
        var chosen: [File] = []
        var leftOut: [File] = []
        var stems: Set<String> = []
        for candidate in candidates where stems.insert(candidate.name.stem).inserted {
            let alike = candidates.filter { $0.name.stem == candidate.name.stem }
            // What names no target is taken for what fits all of its kind.
            let best =
                (targets + [""]).lazy.map { target in alike.filter { $0.name.target == target } }
                .first { !$0.isEmpty } ?? []
            guard let newest = best.map(\.name.order).max(),
                let index = best.firstIndex(where: { $0.name.order == newest })
            else { continue }
            chosen.append(best[index].file)
            leftOut += (best[..<index] + best[(index + 1)...]).map(\.file)
        }
        return (chosen, leftOut)
    }

    /// Returns the names that the files of OpenNebula's package have in this version, the best first.
    ///
    /// - Parameter version: `7.2.1-0`.
    func fileNames(version: String) -> [String] {
        targets.map { ContextPackageName.fileName(kind: kind, target: $0, version: version) }
    }
}
