import Synchronization

/// Things that happen, for one test that waits for them in turn.
package final class Inbox<Thing: Sendable>: Sendable {
    private struct State {
        var things: [Thing] = []
        var waiting: CheckedContinuation<Thing, Never>?
    }
    private let state = Mutex(State())

    package init() {}

    package func put(_ thing: Thing) {
        let waiting = self.state.withLock { state -> CheckedContinuation<Thing, Never>? in
            if let waiting = state.waiting.take() { return waiting }
            state.things.append(thing)
            return nil
        }
        waiting?.resume(returning: thing)
    }

    package func next() async -> Thing {
        await withCheckedContinuation { continuation in
            let thing = self.state.withLock { state -> Thing? in
                if !state.things.isEmpty { return state.things.removeFirst() }
                state.waiting = continuation
                return nil
            }
            if let thing { continuation.resume(returning: thing) }
        }
    }
}
