import Bytes

/// What is wrong, by the last lines that rbd(8) has printed.
struct RBDProblem: Equatable {
    let cause: String
    let remedy: String

    /// The cluster has not taken or given bytes for the time that it may take.
    static let noAnswer = RBDProblem(
        cause: "Ceph did not answer in time",
        remedy: "check the cluster (ceph -s) and that the pool is not full (ceph df); CEPH_TIMEOUT in"
            + " market-drivers.conf is the time")

    private static let broken = RBDProblem(
        cause: "the connection to the host broke", remedy: "check the host and the network, and try again")

    /// What rbd says, why that is, and what can be done about it. The first row counts whose text is found.
    private static let known: [(text: String, cause: String?, remedy: String)] = [
        ("program rbd is missing", nil, "install the package ceph-common there"),
        (
            "failed to decode key", "the file that CEPH_KEY names holds no key",
            "write the key alone into it: ceph auth get-key client.NAME"
        ),
        ("(110) Connection timed out", noAnswer.cause, noAnswer.remedy),
        (
            "couldn't connect to the cluster", "the cluster cannot be reached, or refuses the user and the key",
            "check CEPH_USER, CEPH_KEY and CEPH_CONF of the datastore: rbd --id … --keyfile … --conf … ls POOL"
        ),
        ("unable to open config file", nil, "check CEPH_CONF of the datastore"),
        ("error opening pool", nil, "check POOL_NAME of the datastore, and that CEPH_USER may use the pool"),
        ("data pool", nil, "check EC_POOL_NAME of the datastore"),
        ("(17) File exists", "an image of that name is there already", "remove it if it is not needed: rbd rm"),
        (
            "(122) Disk quota exceeded", "the pool's quota is used up",
            "raise it (ceph osd pool set-quota), or remove images"
        ),
        ("(28) No space left", "the pool is full", "remove images, or add disks"),
        ("(1) Operation not permitted", nil, "give CEPH_USER the capabilities 'profile rbd' for the pool"),
        ("(13) Permission denied", nil, "give CEPH_USER the capabilities 'profile rbd' for the pool"),
        ("closed by remote host", broken.cause, broken.remedy),
        ("not responding", broken.cause, broken.remedy),
        // client_loop, packet_write_wait, ssh_packet_write_poll and ssh_dispatch_run_fatal are ssh's.
        ("client_loop: ", broken.cause, broken.remedy),
        ("packet_write_", broken.cause, broken.remedy),
        ("ssh_dispatch_run_fatal", broken.cause, broken.remedy),
        ("Read from remote host", broken.cause, broken.remedy),
        ("Connection reset by", broken.cause, broken.remedy),
        ("(2) No such file", nil, "check that the image is there: rbd ls POOL"),
    ]

    private init(cause: String, remedy: String) {
        self.cause = cause
        self.remedy = remedy
    }

    /// - Parameter lines: divided by tabs or line feeds.
    init(_ lines: String) {
        let lines = lines.split { $0 == "\t" || $0.isNewline }.map(Self.plain).filter { !$0.isEmpty }
        let row = Self.known.first { row in lines.contains { $0.contains(row.text) } }
        let line = row.flatMap { row in lines.last { $0.contains(row.text) } } ?? lines.last ?? "rbd says no reason"
        cause = row?.cause ?? line
        remedy = row?.remedy ?? "run the same rbd command there by hand"
    }

    /// Returns a line without the time, thread and level that Ceph's log has at its beginning, and without the program's name.
    private static func plain(_ line: Substring) -> String {
        var line = line
        let words = line.split(separator: " ", maxSplits: 3)
        if words.count == 4, words[0].utf8.first.map(isDigit) == true, words[0].contains("T"), words[2] == "-1" {
            line = words[3]
        }
        if line.hasPrefix("rbd: ") { line = line.dropFirst(5) }
        return String(line)
    }
}
