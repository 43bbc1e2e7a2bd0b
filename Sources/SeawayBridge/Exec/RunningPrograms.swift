import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The programs that run, each the first of a process group.
package final class RunningPrograms: Sendable {
    private let leaders = Mutex<Set<pid_t>>([])

    package init() {}

    func add(_ leader: pid_t) { self.leaders.withLock { _ = $0.insert(leader) } }
    func remove(_ leader: pid_t) { self.leaders.withLock { _ = $0.remove(leader) } }

    /// Kills them all, with what they have started: for a bridge that ends at once.
    package func killAll() {
        self.leaders.withLock { leaders in
            for leader in leaders { kill(-leader, SIGKILL) }
        }
    }
}
