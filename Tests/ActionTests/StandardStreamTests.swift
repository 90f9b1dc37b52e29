import Foundation
import Posix
import TestSupport
import Testing

/// Standard streams that lead nowhere.
@Suite struct StandardStreamTests {
    private let market: LocalMarket
    private let server: Nginx

    init() throws {
        market = try LocalMarket()
        server = try Nginx(root: market.publicDirectory)
    }

    private func run(_ action: LocalAction, redirection: String, timeout: String = "20") throws -> Outcome {
        let script = "exec timeout --kill-after=1 \(timeout) \"$@\" \(redirection)"
        return try market.act(
            action.rawValue, input: action.message(market, server: server).base64, through: ["sh", "-c", script, "sh"])
    }

    /// A caller that does not get the reply does not know the file: it is removed.
    @Test(arguments: [("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
    func takesBackWhatCannotBeReported(_ redirection: String, _ cause: String) throws {
        for action in [LocalAction.importing, .monitoring, .exporting, .bringing] {
            expectRefusal(
                try run(action, redirection: redirection),
                ["Cannot print the result on standard output: \(cause); ", "nothing was kept"])
            #expect(try market.published() == (action == .bringing ? ["app"] : []))
            #expect(try market.directory.names(in: "datastore") == ["image"])
        }
        // Nothing to print, nothing to fail.
        #expect(try run(.deleting, redirection: redirection).status == .exited(0))
    }

    @Test func takesBackWhatNobodyReads() throws {
        let message = try LocalAction.importing.message(market)
        let script = "set -o pipefail; { sleep 0.3; \"$@\"; } | true"
        let outcome = try market.act(
            "market-http-import", input: message.base64, through: ["bash", "-c", script, "bash"])
        expectRefusal(outcome, ["Cannot print the result on standard output: Broken pipe; "])
        #expect(try market.published() == [])
    }

    @Test(arguments: LocalAction.allCases)
    func aClosedInputIsAnEmptyMessage(_ action: LocalAction) throws {
        expectRefusal(try run(action, redirection: "<&-"), ["Cannot read the driver message: it is empty"])
    }

    /// Log lines that nobody can read are no reason to fail.
    @Test(arguments: LocalAction.allCases, ["2>&-", "2> /dev/full"])
    func worksWithoutStandardError(_ action: LocalAction, _ redirection: String) throws {
        let outcome = try run(action, redirection: redirection)
        #expect(outcome.status == .exited(0))
        #expect(outcome.output.isEmpty == (action == .deleting))
    }
}
