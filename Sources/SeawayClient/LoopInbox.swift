import NIOConcurrencyHelpers
import NIOCore

/// Carries calls from any thread to the loop's: as many as have come by then for one wake-up.
struct LoopInbox: Sendable {
    private let eventLoop: any EventLoop
    private let waiting = NIOLockedValueBox<[@Sendable () -> Void]>([])

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func put(_ call: @escaping @Sendable () -> Void) {
        let isFirst = self.waiting.withLockedValue { waiting in
            waiting.append(call)
            return waiting.count == 1
        }
        guard isFirst else { return }
        let waiting = self.waiting
        self.eventLoop.execute {
            let calls = waiting.withLockedValue { waiting in
                defer { waiting = [] }
                return waiting
            }
            for call in calls { call() }
        }
    }
}
