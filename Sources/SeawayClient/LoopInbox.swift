import NIOConcurrencyHelpers
import NIOCore

/// Carries calls from any thread to what lives on a loop: as many as have come by then for one wake-up.
struct LoopInbox<Owner>: Sendable {
    typealias Call = @Sendable (Owner) -> Void

    private let owner: NIOLoopBoundBox<Owner>
    private let eventLoop: any EventLoop
    private let limit: Int
    private let waiting = NIOLockedValueBox<[Call]>([])

    /// - Parameter limit: calls that may wait at a time.
    init(_ owner: NIOLoopBoundBox<Owner>, _ eventLoop: any EventLoop, limit: Int) {
        self.owner = owner
        self.eventLoop = eventLoop
        self.limit = limit
    }

    /// - Returns: false when too much waits; the call is dropped then.
    func offer(_ call: @escaping Call) -> Bool { self.put(call, limit: self.limit) }

    /// Takes a call whose number is bounded by what it is about.
    func put(_ call: @escaping Call) { _ = self.put(call, limit: .max) }

    private func put(_ call: @escaping Call, limit: Int) -> Bool {
        let count = self.waiting.withLockedValue { waiting in
            guard waiting.count < limit else { return 0 }
            waiting.append(call)
            return waiting.count
        }
        if count == 1 { self.eventLoop.execute { self.takeAll() } }
        return count > 0
    }

    private func takeAll() {
        let calls = self.waiting.withLockedValue { waiting in
            defer { waiting = [] }
            return waiting
        }
        for call in calls { call(self.owner.value) }
    }
}
