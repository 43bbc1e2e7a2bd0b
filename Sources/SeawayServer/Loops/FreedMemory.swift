import CSeaway
import NIOCore
import NIOPosix

/// Decides when memory that was freed is given back to the system: an allocator keeps what large messages and bodies
/// have left for the next of them, which after a crowd of them is much.
package struct FreedMemory: Hashable, Sendable {
    /// Bytes that are kept.
    private static let most = 32 << 20
    private static let pause = Duration.seconds(1)

    private var freed = 0
    private var since: Moment

    package init(now: Moment) { self.since = now }

    /// - Parameter bytes: freed since the last time, in large pieces.
    /// - Returns: whether it is time.
    package mutating func look(freed bytes: Int, at now: Moment) -> Bool {
        self.freed += bytes
        guard self.freed >= Self.most, self.since + Self.pause <= now else { return false }
        self.freed = 0
        self.since = now
        return true
    }

    /// Gives back what whole pages of are free; on another thread, since that takes milliseconds.
    static func giveBack() {
        NIOSingletons.posixBlockingThreadPool.submit { state in
            if state == .active { cseaway_give_memory_back() }
        }
    }
}
