extension Job {
    /// The reason why a request is ended before it is done.
    enum Stop {
        case cancelled
        case timedOut
        case shutdown
        /// oned deletes the app that is being imported.
        case deleted

        /// Returns why the step `name` of a request has failed. `timeout`: the seconds that it had.
        func reason(of name: String, _ verb: Verb, timeout: Double?) -> String {
            switch self {
            case .cancelled: "\(name) was cancelled; \(verb.remedyOfEnding)"
            case .timedOut:
                "\(name) did not end within \(Int(timeout ?? 0)) s (-w); raise -w of one_market if it needs longer"
            case .shutdown: "\(name) was ended, because one_market was told to end; \(verb.remedyOfEnding)"
            case .deleted: "\(name) was ended, because its app was deleted"
            }
        }
    }
}
