import DriverProtocol

/// Selects the attributes of an archive that an image can hold. The log says how many are left out.
struct AttributeSelection {
    private let tree: ContainerTree
    private let users: [Substring: UInt32]
    private let groups: [Substring: UInt32]

    /// - Parameter tree: the unpacked files, with the users that access control lists name.
    init(_ tree: ContainerTree) {
        self.tree = tree
        users = Self.numbers(tree, "etc/passwd")
        groups = Self.numbers(tree, "etc/group")
    }

    /// Returns the numbers in passwd(5) or group(5), by name.
    private static func numbers(_ tree: ContainerTree, _ file: String) -> [Substring: UInt32] {
        let text = tree.text(of: file) ?? ""
        let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (Substring, UInt32)? in
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            return fields.count > 2 ? UInt32(fields[2]).map { (fields[0], $0) } : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// - Parameter isHeld: whether an image's file system can hold an attribute.
    func kept(
        of attributes: [ExtendedAttribute], where isHeld: (ExtendedAttribute) -> Bool
    ) -> [ExtendedAttribute] {
        let log = tree.site.log
        let (lists, damaged) = withLists(attributes)
        if damaged > 0 {
            log.warning("\(damaged) access control lists are left out: the image does not know whom they name")
        }
        let kept = lists.filter(isHeld)
        if kept.count < lists.count, let first = lists.first(where: { !isHeld($0) }) {
            log.warning(
                "\(lists.count - kept.count) extended attributes are left out that the image cannot hold, first "
                    + quoted(oneLine("\(first.name) of \(first.shownPath)", limit: 200)))
        }
        return kept
    }

    /// Returns the attributes with all access control lists in the form of setxattr(2), and the number of unusable
    /// lists.
    private func withLists(_ attributes: [ExtendedAttribute]) -> ([ExtendedAttribute], Int) {
        let names = Set(AccessControlList.textKeywords.values)
        var result: [ExtendedAttribute] = []
        var places: [[UInt8]: Int] = [:]
        var lost: Set<[UInt8]> = []
        for attribute in attributes {
            let name = AccessControlList.textKeywords[attribute.name] ?? attribute.name
            guard names.contains(name) else {
                result.append(attribute)
                continue
            }
            let place = attribute.path + [0] + name.utf8
            guard let list = list(attribute) else {
                lost.insert(place)
                continue
            }
            let isDefault = name.hasSuffix("default")
            let converted = ExtendedAttribute(path: attribute.path, name: name, value: list.value)
            // An archive may have a list in both forms.
            if let index = places[place] {
                if attribute.name == name { result[index] = converted }
            } else if isDefault || !list.isMode {
                places[place] = result.count
                result.append(converted)
            } else {
                lost.remove(place)
            }
        }
        return (result, lost.subtracting(places.keys).count)
    }

    private func list(_ attribute: ExtendedAttribute) -> AccessControlList? {
        guard AccessControlList.textKeywords[attribute.name] != nil else {
            return AccessControlList(value: attribute.value)
        }
        return AccessControlList(text: String(decoding: attribute.value, as: UTF8.self)) { tag, name in
            (tag == .user ? users : groups)[name]
        }
    }
}
