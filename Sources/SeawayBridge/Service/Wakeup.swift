import Synchronization

/// Lets a thread wait for a descriptor, and lets another thread end that wait.
package final class Wakeup: Sendable {
    /// What is waited for.
    package struct Events: OptionSet, Hashable, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let reading = Events(rawValue: 1)
        package static let writing = Events(rawValue: 2)
    }

    /// What a wait has led to.
    package enum Reason: Hashable, Sendable {
        /// One of the events, or the end of what is behind the descriptor.
        case ready(Events)
        case woken
        case timedOut
    }

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

    /// Holds the thread until the descriptor is ready (or has ended), ``wake()``, or the time.
    ///
    /// - Parameters:
    ///   - descriptor: nil to wait for nothing but the time.
    ///   - milliseconds: -1 for ever.
    package func wait(for descriptor: CInt?, _ events: Events = .reading, milliseconds: CInt = -1) -> Reason {
        var polled = [pollfd(fd: self.input, events: Int16(POLLIN), revents: 0)]
        if let descriptor { polled.append(pollfd(fd: descriptor, events: events.polled, revents: 0)) }
        while true {
            let count = poll(&polled, nfds_t(polled.count), milliseconds)
            if polled[0].revents != 0 || self.isWoken { return .woken }
            if count < 0, errno == EINTR { continue }
            return count == 0 ? .timedOut : .ready(Events(polled: polled.last?.revents ?? 0, asked: events))
        }
    }

    /// Waits for nothing but the time.
    package func sleep(for time: Duration) { _ = self.wait(for: nil, milliseconds: time.milliseconds) }
}

extension Wakeup.Events {
    fileprivate var polled: Int16 {
        Int16((self.contains(.reading) ? POLLIN : 0) | (self.contains(.writing) ? POLLOUT : 0))
    }

    /// Where something has ended or gone wrong, whatever was asked for finds out what.
    fileprivate init(polled: Int16, asked: Self) {
        self = []
        if Int32(polled) & POLLIN != 0 { self.insert(.reading) }
        if Int32(polled) & POLLOUT != 0 { self.insert(.writing) }
        if Int32(polled) & ~(POLLIN | POLLOUT) != 0 { self.formUnion(asked) }
    }
}

/// A moment by which something has to have happened.
struct Deadline: Sendable {
    private let limit: Duration
    private let end: ContinuousClock.Instant

    init(in limit: Duration) {
        self.limit = limit
        self.end = .now + limit
    }

    /// - Throws: ``ServiceSilence`` when the time is over, ``ServiceStopped`` when woken.
    func wait(for descriptor: CInt?, _ events: Wakeup.Events, _ wakeup: Wakeup) throws -> Wakeup.Events {
        let left = self.end - .now
        guard left > .zero else { throw ServiceSilence(self.limit) }
        switch wakeup.wait(for: descriptor, events, milliseconds: left.milliseconds) {
        case .ready(let events): return events
        case .woken: throw ServiceStopped()
        case .timedOut: throw ServiceSilence(self.limit)
        }
    }
}

extension Duration {
    /// Whole ones, rounded up, as `poll` takes them.
    var milliseconds: CInt { CInt(clamping: Int64((self / .milliseconds(1)).rounded(.up))) }
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
