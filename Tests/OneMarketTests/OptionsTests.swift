import Testing

@testable import OneMarket

@Suite struct OptionsTests {
    private static func options(
        threads: Int = 15, markets: [String] = [], timeout: Double? = nil, proxy: String? = nil
    ) -> Options {
        var options = Options()
        options.threads = threads
        options.markets = markets
        options.timeout = timeout
        options.proxy = proxy
        return options
    }

    @Test(
        "the command line is understood",
        arguments: [
            // as oned passes it: all in one argument
            (["-t 15 -m http,s3,one,linuxcontainers"], options(markets: ["http", "s3", "one", "linuxcontainers"])),
            (
                ["-t 2 -m http -w 30 -p http://proxy:3128"],
                options(threads: 2, markets: ["http"], timeout: 30, proxy: "http://proxy:3128")
            ),
            ([""], options()),
            ([], options()),
            (["  -m   'http,s3'\t-t \"4\" "], options(threads: 4, markets: ["http", "s3"])),
            // by hand
            (["-t", "2", "-m", "http, s3"], options(threads: 2, markets: ["http", "s3"])),
            (
                ["--threads=3", "--market-types=one", "--timeout=5", "--proxy=p:1"],
                options(threads: 3, markets: ["one"], timeout: 5, proxy: "p:1")
            ),
            (["--threads", "3", "-w0"], options(threads: 3)),
            (["-t7"], options(threads: 7)),
            (["-t 7", "-m one"], options(threads: 7, markets: ["one"])),
        ])
    func understood(arguments: [String], expected: Options) {
        #expect(Options(arguments: arguments) == expected)
    }

    @Test(
        "what is not understood is told, and the rest holds",
        arguments: [
            (["-d 5 -t 2"], "unknown option -d"),
            (["-t", "2", "--verbose"], "unknown option --verbose"),
            (["-t", "2", "more"], "unexpected argument more"),
            (["-t 2 -t zero"], "-t zero is not a number of actions"),
            (["-t 2 -t 0"], "-t 0 is not a number of actions"),
            (["-t 2 -w -3"], "-w -3 is not a number of seconds"),
            (["-t 2 -w 1e3"], "-w 1e3 is not a number of seconds"),
            (["-t 2 -m ,"], "-m names no driver"),
            (["-t 2 -p"], "option -p needs a value"),
        ])
    func problems(arguments: [String], problem: String) {
        let options = Options(arguments: arguments)
        #expect(options.problems == [problem])
        #expect(options.threads == 2)
        #expect(options.markets == Options().markets)
    }

    @Test("help is asked for", arguments: [["-h"], ["--help"], ["-t 3 --help"]])
    func help(arguments: [String]) {
        #expect(Options(arguments: arguments).wantsHelp)
    }
}
