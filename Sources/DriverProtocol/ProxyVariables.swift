import Glibc
import Posix

/// The variables of the environment that name proxies. Many programs read their names in lower case alone: libcurl does
/// so for `http_proxy`.
package enum ProxyVariables {
    /// In lower case; each also counts in capitals.
    package static let names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]

    /// Returns the variables that are set in capitals alone, under their names in lower case. `value` returns a
    /// variable's value, or nil if it is missing or empty.
    ///
    /// In a CGI program, recognised by REQUEST_METHOD, `HTTP_PROXY` is a header of the request, and no proxy.
    package static func saidInCapitals(_ value: (String) -> String?) -> [(name: String, value: String)] {
        names.compactMap { name in
            guard value(name) == nil, let text = value(name.uppercased()),
                name != "http_proxy" || value("REQUEST_METHOD") == nil
            else { return nil }
            return (name, text)
        }
    }

    /// Also sets in lower case, in this process's environment, what is set in capitals alone. No other thread may run
    /// yet.
    static func adopt() {
        for (name, value) in saidInCapitals(CurrentProcess.environmentVariable) { setenv(name, value, 1) }
    }
}
