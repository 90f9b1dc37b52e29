/// Does what the install script of ssh's server would do: without its settings and its user it does not start, and
/// nobody could reach the container.
struct ShellServer {
    private static let user = "sshd"
    private static let users = "etc/passwd"
    private static let settings = "etc/ssh/sshd_config"
    /// Where Debian's package has the settings that its script copies.
    private static let template = "usr/share/openssh/sshd_config"
    /// The numbers of a system's own users.
    private static let numbers = 100...999
    private static let nogroup = 65534
    /// Those of Debian and of the others. One of them is there.
    static let units = ["ssh.service", "sshd.service"]

    let tree: ContainerTree

    /// Adds what is missing. Returns whether the server came without being set up: one that the image had is its own.
    func prepare(_ changes: inout TreeChanges) throws -> Bool {
        guard tree.status("usr/sbin/sshd")?.isRegularFile == true, let place = tree.resolved(Self.users),
            let users = tree.text(of: Self.users)
        else { return false }
        let entries = users.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
        guard !entries.contains(where: { $0.first == Self.user[...] }) else { return false }
        let taken = Set(entries.compactMap { $0.count > 2 ? Int($0[2]) : nil })
        guard let number = Self.numbers.last(where: { !taken.contains($0) }) else { return false }
        let end = users.hasSuffix("\n") || users.isEmpty ? "" : "\n"
        let entry = "\(Self.user):*:\(number):\(Self.nogroup):Privilege-separated SSH:/run/sshd:/usr/sbin/nologin\n"
        try changes.put(users + end + entry, at: place, in: tree)
        if tree.status(Self.settings) == nil, let settings = tree.text(of: Self.template),
            let place = tree.place(of: Self.settings)
        {
            try changes.put(settings, at: place, in: tree)
        }
        return true
    }
}
