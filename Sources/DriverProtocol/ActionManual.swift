import XML

/// What an action tells about itself on a terminal: `--help`, `--example` and `--version`.
struct ActionManual {
    /// The longest line of the texts.
    private static let width = 120

    private let action: any Action.Type

    init(_ action: any Action.Type) {
        self.action = action
    }

    /// Returns what the option prints, or nil if it is none of these.
    func text(for option: String) -> String? {
        switch option {
        case "--help", "-h": help
        case "--example": example
        case "--version": "\(action.name) \(version)\n"
        default: nil
        }
    }

    private var all: [Input] { action.inputs + action.datastoreInputs }

    // MARK: --help

    private var help: String {
        var text = """
            \(action.name): \(action.purpose)

            usage: \(action.name) [ID] < MESSAGE
                   \(action.name) MESSAGE [ID]
                   \(action.name) --example > MESSAGE
                   \(action.name) --version

            """
        if knowsTarget {
            text += """
                       \(action.name) --to PATH [ID] < MESSAGE

                With --to the image is written to a new file in its own format. DATASTORE is not needed then.

                """
        }
        text += """

            MESSAGE is the driver message that oned writes: XML, plain or in base64. --example prints one to edit.
            ID is the number of the app, marketplace or image. Without it, the number in MESSAGE counts.

            """
        text += section("MESSAGE must have:", all.filter(\.isRequired)) { "  \($0.path)" }
        text += section(
            "MESSAGE may have (the default follows the brackets):", all.filter { !$0.isRequired }
        ) { input in
            switch input.absence {
            case .standard(let value): "  [\(input.path)] \(value)"
            case .means(let words) where !words.isEmpty: "  [\(input.path)] \(words)"
            default: "  [\(input.path)]"
            }
        }
        var names: Set<String> = []
        let further = action.sourceInputs.filter { $0.path.hasPrefix("MARKETPLACE/TEMPLATE/") }.map(\.name)
            .filter { names.insert($0).inserted }
        if !further.isEmpty {
            text +=
                "\n"
                + wrapped(
                    "If the image is on a server (https://, s3://, lxd://), these attributes of the server's marketplace "
                        + "in MARKETPLACE/TEMPLATE count, too: " + further.joined(separator: ", ") + ".",
                    indent: "")
        }
        return text + """

            Example:
                \(action.name) --example > message
                \(action.name) < message

            The result goes to standard output. Log lines, and the reason of a failure, go to standard error.
            The exit status is 0, or 1 for a failure.

            """
    }

    private var knowsTarget: Bool { !action.datastoreInputs.isEmpty }

    private func section(_ title: String, _ inputs: [Input], _ line: (Input) -> String) -> String {
        guard !inputs.isEmpty else { return "" }
        return "\n\(title)\n"
            + inputs.map { input in plain(line(input)) + "\n" + wrapped(plain(input.meaning), indent: "      ") }
            .joined()
    }

    private func wrapped(_ text: String, indent: String) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < Self.width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(indent + word)
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Returns a cell of the manual's tables without its marks.
    private func plain(_ text: String) -> String { String(text.filter { $0 != "`" }) }

    // MARK: --example

    private var example: String {
        let root = action.name.hasPrefix("datastore/") ? "DS_DRIVER_ACTION_DATA" : "MARKET_DRIVER_ACTION_DATA"
        return "<\(root)>\n" + elements(all.map { ($0.path.split(separator: "/")[...], $0) }, indent: "  ")
            + "</\(root)>\n"
    }

    /// Returns the elements at these paths. Those that may be left out, and have no example, are comments.
    private func elements(_ inputs: [(path: ArraySlice<Substring>, input: Input)], indent: String) -> String {
        var text = ""
        var written: Set<Substring> = []
        for (path, input) in inputs {
            guard let name = path.first, written.insert(name).inserted else { continue }
            if path.count > 1 {
                let inner = inputs.filter { $0.path.first == name }.map { ($0.path.dropFirst(), $0.input) }
                text += "\(indent)<\(name)>\n\(elements(inner, indent: indent + "  "))\(indent)</\(name)>\n"
            } else if let example = input.example {
                text += "\(indent)<\(name)>\(XMLText.escaped(example))</\(name)>\n"
            } else {
                text += "\(indent)<!-- <\(name)>\(input.standard ?? "")</\(name)> -->\n"
            }
        }
        return text
    }
}
