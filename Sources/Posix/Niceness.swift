import Glibc

/// Makes this thread, and the processes that it starts, nicer by `increment`: nice(2). Beyond 19 and -20 there is
/// nothing. Less than nothing is for root alone.
package func addNiceness(_ increment: Int) throws(SystemError) {
    // -1 is a niceness, too.
    errno = 0
    if nice(Int32(clamping: max(-40, min(increment, 40)))) == -1, errno != 0 { throw SystemError("nice", "") }
}

/// Lets a core file have so many `bytes` at the most, where the hard limit is not lower: setrlimit(2).
package func limitCore(_ bytes: UInt64) throws(SystemError) {
    var limit = rlimit()
    try retrying("getrlimit", "") { getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) }
    limit.rlim_max = min(limit.rlim_max, rlim_t(bytes))
    limit.rlim_cur = limit.rlim_max
    try retrying("setrlimit", "") { setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) }
}
