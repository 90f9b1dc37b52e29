import DriverProtocol

/// The command line of `downloader.sh`, as getopt(1) reads it: options and operands in any order, joined short options,
/// beginnings of long ones that are clear, `--name=value`, and `--` before what is no option.
struct DownloadArguments: Equatable {
    enum Option: String, CaseIterable {
        case md5, sha1, sha256, limit, nodecomp, noretry, help, example, version
        case maxSize = "max-size"

        var letter: Character? {
            switch self {
            case .md5: "m"
            case .sha1: "s"
            case .sha256: nil
            case .limit: "l"
            case .maxSize: "c"
            case .nodecomp: "n"
            case .noretry: "o"
            case .help: "h"
            case .example, .version: nil
            }
        }

        var takesValue: Bool {
            switch self {
            case .md5, .sha1, .sha256, .limit, .maxSize: true
            case .nodecomp, .noretry, .help, .example, .version: false
            }
        }
    }

    /// The options that were given, each with its last value, which is empty for those that take none.
    private(set) var options: [Option: String] = [:]
    private(set) var operands: [String] = []

    /// Throws a ``DriverError`` about an unknown option, or one without its value.
    init(_ arguments: [String]) throws(DriverError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                return
            } else if argument.hasPrefix("--") {
                try readLong(argument.dropFirst(2), &rest)
            } else if argument.hasPrefix("-"), argument != "-" {
                try readShort(argument.dropFirst(), &rest)
            } else {
                operands.append(argument)
            }
        }
    }

    private mutating func readLong(_ text: Substring, _ rest: inout ArraySlice<String>) throws(DriverError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let exact = Option(rawValue: String(parts[0])).map { [$0] }
        let matching = exact ?? Option.allCases.filter { $0.rawValue.hasPrefix(parts[0]) }
        guard matching.count == 1, let option = matching.first else {
            throw Self.problem(
                "--\(parts[0]) is \(matching.isEmpty ? "no option" : "the beginning of several options")")
        }
        guard parts.count == 1 || option.takesValue else { throw Self.problem("--\(option.rawValue) takes no value") }
        try set(option, parts.count > 1 ? String(parts[1]) : nil, called: "--" + option.rawValue, &rest)
    }

    private mutating func readShort(_ cluster: Substring, _ rest: inout ArraySlice<String>) throws(DriverError) {
        var letters = cluster
        while let letter = letters.popFirst() {
            guard let option = Option.allCases.first(where: { $0.letter == letter }) else {
                throw Self.problem("-\(letter) is no option")
            }
            let value = option.takesValue && !letters.isEmpty ? String(letters) : nil
            if value != nil { letters = "" }
            try set(option, value, called: "-\(letter)", &rest)
        }
    }

    private mutating func set(
        _ option: Option, _ value: String?, called name: String, _ rest: inout ArraySlice<String>
    ) throws(DriverError) {
        guard let value = option.takesValue ? value ?? rest.popFirst() : "" else {
            throw Self.problem("\(name) needs a value")
        }
        options[option] = value
    }

    /// Returns the error of a command line that cannot be used.
    static func problem(_ cause: String) -> DriverError {
        DriverError("run", Downloader.name, cause: oneLine(cause, limit: 200), remedy: "see --help")
    }

    private static let usage = """
        \(Downloader.name): copies an image, verified and decompressed, to a file or to standard output

        usage: downloader.sh [OPTION …] FROM TO
               downloader.sh --help | --example | --version

        FROM is a URL (http, https, s3, lxd), ssh://HOST:/PATH, rbd://HOST/POOL/IMAGE, or the path of a file or block
        device. OpenNebula's own script, downloader.sh.stock, does all other kinds. TO is the path of a file, device or
        named pipe, or - for standard output.

          -m, --md5 DIGEST        fail unless this is the MD5 of what is fetched
          -s, --sha1 DIGEST       the same for its SHA-1
              --sha256 DIGEST     the same for its SHA-256
          -n, --nodecomp          do not decompress gzip, bzip2, xz, zstd and lz4, nor unpack tar and zip
          -l, --limit RATE        fetch at most RATE bytes a second; K, M or G behind it for powers of 1024
          -c, --max-size BYTES    stop after BYTES have been written; not with a digest
          -o, --noretry           do not try again what has failed

        The environment's variable DRV_ACTION holds the driver message in base64, if there is one.
        The exit status is 0, or 1 for a failure.

        """

    /// A command line to edit.
    private static let example = """
        downloader.sh --md5 d41d8cd98f00b204e9800998ecf8427e --limit 50M \\
            http://frontend.example/market/image.qcow2.gz /var/tmp/image.qcow2

        """

    /// Returns what is printed instead of a download, or nil if no option asks for that.
    var text: String? {
        if options[.help] != nil { return Self.usage }
        if options[.example] != nil { return Self.example }
        return options[.version].map { _ in "\(Downloader.name) \(version)\n" }
    }
}
