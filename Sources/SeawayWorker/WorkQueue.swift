import DequeModule
import SeawayMessage
import Synchronization

/// Messages that were delivered and wait for a free consumer; at most as many as credit was granted for.
final class WorkQueue: Sendable {
    private struct State {
        var deliveries: Deque<Delivery> = []
        var idle: Deque<CheckedContinuation<Delivery?, Never>> = []
        var isFinished = false
    }

    private let state = Mutex(State())

    func put(_ delivery: Delivery) {
        let taker = self.state.withLock { state in
            if let taker = state.idle.popFirst() { return taker as CheckedContinuation<Delivery?, Never>? }
            state.deliveries.append(delivery)
            return nil
        }
        taker?.resume(returning: delivery)
    }

    /// Nothing more will come: who waits, or asks when all is taken, gets `nil`.
    func finish() {
        let idle = self.state.withLock { state in
            state.isFinished = true
            defer { state.idle = [] }
            return state.idle
        }
        for taker in idle { taker.resume(returning: nil) }
    }

    func next() async -> Delivery? {
        await withCheckedContinuation { continuation in
            let (delivery, isDecided) = self.state.withLock { state -> (Delivery?, Bool) in
                if let delivery = state.deliveries.popFirst() { return (delivery, true) }
                if state.isFinished { return (nil, true) }
                state.idle.append(continuation)
                return (nil, false)
            }
            if isDecided { continuation.resume(returning: delivery) }
        }
    }
}
