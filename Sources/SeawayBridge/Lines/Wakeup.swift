import Synchronization

/// Lets a thread wait for a descriptor, and lets another thread end that wait.
package final class Wakeup: Sendable {
    /// What a wait has led to.
    package enum Reason: Hashable, Sendable { case readable, woken, timedOut }

    private let input: CInt
    private let output: CInt
    private let woken = Atomic(false)

    /// - Throws: `SystemFault` when no pipe can be had.
    package init() throws {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { throw SystemFault(code: errno, what: "pipe") }
        (self.input, self.output) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        close(self.input)
        close(self.output)
    }

    package var isWoken: Bool { self.woken.load(ordering: .acquiring) }

    /// Ends the wait under way, and every later one. From any thread.
    package func wake() {
        guard !self.woken.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 0
        _ = write(self.output, &byte, 1)
    }

    /// Holds the thread until the descriptor has something to read (or has ended), ``wake()``, or the time.
    ///
    /// - Parameters:
    ///   - descriptor: nil to wait for nothing but the time.
    ///   - milliseconds: -1 for ever.
    package func wait(for descriptor: CInt?, milliseconds: CInt = -1) -> Reason {
        var polled = [pollfd(fd: self.input, events: Int16(POLLIN), revents: 0)]
        if let descriptor { polled.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
        while true {
            let count = poll(&polled, nfds_t(polled.count), milliseconds)
            if polled[0].revents != 0 || self.isWoken { return .woken }
            if count < 0, errno == EINTR { continue }
            return count == 0 ? .timedOut : .readable
        }
    }
}

/// A call of the system that has failed.
package struct SystemFault: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: CInt
    package let what: String

    package var description: String { "\(self.what): \(String(cString: strerror(self.code)))" }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
