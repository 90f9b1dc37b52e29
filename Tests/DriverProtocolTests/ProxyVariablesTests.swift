import Testing

@testable import DriverProtocol

/// Proxies whose names are in capitals.
@Suite struct ProxyVariablesTests {
    private static let environments: [([String: String], [String])] = [
        ([:], []),
        (["http_proxy": "a", "HTTP_PROXY": "b"], []),
        (
            ["HTTP_PROXY": "a", "HTTPS_PROXY": "b", "ALL_PROXY": "c", "NO_PROXY": "d"],
            ["http_proxy=a", "https_proxy=b", "all_proxy=c", "no_proxy=d"]
        ),
        // In a CGI program it is a header of the request.
        (["HTTP_PROXY": "a", "HTTPS_PROXY": "b", "REQUEST_METHOD": "GET"], ["https_proxy=b"]),
    ]

    @Test(arguments: environments) func countWhereLowerCaseSaysNothing(_ given: [String: String], _ set: [String]) {
        #expect(ProxyVariables.saidInCapitals { given[$0] }.map { "\($0.name)=\($0.value)" } == set)
    }
}
