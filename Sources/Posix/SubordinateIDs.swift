import Glibc

/// The users and groups of this machine that stand for a container's own, from 0 on, while its image is built.
package struct SubordinateIDs: Equatable {
    /// Without so many ids there is no user `nobody`.
    static let count: UInt32 = 65536
    /// The first of the ids that root takes, which nobody else has: those of systemd-nspawn(1) end there.
    private static let rootsOwn: UInt32 = 0x6FFF_0000 - count

    /// There are none. The remedy says how to get some.
    package struct Unavailable: Error, Equatable {
        package let reason: String
        package let remedy: String

        package init(reason: String, remedy: String) {
            self.reason = reason
            self.remedy = remedy
        }
    }

    package let firstUser: UInt32
    let firstGroup: UInt32
    /// This process's own, which the work directory belongs to.
    let user: UInt32
    let group: UInt32

    init(firstUser: UInt32, firstGroup: UInt32, user: UInt32, group: UInt32) {
        (self.firstUser, self.firstGroup) = (firstUser, firstGroup)
        (self.user, self.group) = (user, group)
    }

    /// Those of this process's user: from subuid(5) and subgid(5), and for root from what the kernel lets it have.
    package static func current() throws(Unavailable) -> SubordinateIDs {
        let (user, group) = (geteuid(), getegid())
        guard user == 0 else {
            return SubordinateIDs(
                firstUser: try subordinate("/etc/subuid", user), firstGroup: try subordinate("/etc/subgid", user),
                user: user, group: group)
        }
        return SubordinateIDs(
            firstUser: try ofRoot("/proc/self/uid_map"), firstGroup: try ofRoot("/proc/self/gid_map"), user: user,
            group: group)
    }

    private static func subordinate(_ file: String, _ user: uid_t) throws(Unavailable) -> UInt32 {
        let name = userName(user) ?? String(user)
        if let first = first(of: [name, String(user)], in: text(file)) { return first }
        throw Unavailable(
            reason: "\(file) gives the user \(name) no \(count) subordinate ids in a row",
            remedy: "run usermod --add-subuids 100000-165535 --add-subgids 100000-165535 \(name), with ids nobody has")
    }

    /// Returns the first of the ids that a line of subuid(5) gives to one of the users, or nil if no line gives enough.
    static func first(of users: [String], in text: String) -> UInt32? {
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3, users.contains(fields[0]), let first = UInt32(fields[1]), first > 0,
                let number = UInt32(fields[2]), number >= count, first < UInt32.max - count
            else { continue }
            return first
        }
        return nil
    }

    private static func ofRoot(_ map: String) throws(Unavailable) -> UInt32 {
        if let first = free(in: text(map)) { return first }
        throw Unavailable(
            reason: "root of this container has fewer than \(2 * count) user and group ids",
            remedy: "give the container more of them")
    }

    /// Returns the first of so many ids that a process with that uid_map(5) can give to a namespace, or nil if there
    /// are too few beside the first \(count), which are the users of its own system.
    static func free(in map: String) -> UInt32? {
        for line in map.split(whereSeparator: \.isNewline) {
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }
            guard numbers.count == 3, case (let first, let length) = (numbers[0], numbers[2]), length >= 2 * count,
                first <= UInt32.max - length
            else { continue }
            let last = first + length - count
            return first == 0 && last > rootsOwn ? rootsOwn : last
        }
        return nil
    }

    private static func text(_ path: String) -> String {
        let bytes = try? FileDescriptor.open(path, O_RDONLY).readToEnd(limit: 1 << 20)
        return String(decoding: bytes ?? [], as: UTF8.self)
    }

    /// Returns the words of uid_map(5) and gid_map(5): those of the container, and behind them this process's own user
    /// and group if it `includesOwn`.
    func maps(includesOwn: Bool) -> (users: String, groups: String) {
        let own = includesOwn ? ["\(Self.count) \(user) 1", "\(Self.count) \(group) 1"] : ["", ""]
        return ("0 \(firstUser) \(Self.count) " + own[0], "0 \(firstGroup) \(Self.count) " + own[1])
    }
}
