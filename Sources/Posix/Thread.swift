import Glibc

/// A joinable POSIX thread. Work that waits in system calls runs on these, not on Swift's cooperative pool, which has
/// only as many threads as the machine has cores.
package final class Thread: @unchecked Sendable {
    private var handle = pthread_t()
    private var isJoined = false

    /// Starts `body` on a thread of its own.
    package init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(run: body))
        let code = pthread_create(
            &handle, nil,
            { argument in
                Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        precondition(code == 0, "pthread_create: \(String(cString: strerror(code)))")
    }

    /// Waits for the thread's end. Must be called exactly once.
    package func join() {
        precondition(!isJoined)
        isJoined = true
        pthread_join(handle, nil)
    }

    private final class Body {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
