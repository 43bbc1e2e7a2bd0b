import DequeModule
import Dispatch
package import SeawayMessage
import SeawayWire
import Synchronization

/// Sends what a source gives it, in the order of each destination, and waits or drops where there is no room.
///
/// Each destination has one send under way: a later message never overtakes one that was refused and is sent again.
/// What is unknown, because the connection broke, is not sent again: at most once.
package final class Pump: Sendable {
    private struct Message: Sendable {
        let payload: Payload
        let destination: Destination
    }

    private struct Waiter: Sendable {
        let message: Message
        let lane: Destination
        let answer: @Sendable (Bool) -> Void
    }

    private struct State {
        var lanes: PumpLanes<Message>
        /// Sources whose message has no room yet: each has one.
        var waiters: Deque<Waiter> = []
        /// Lanes that nobody empties yet.
        var begun: Deque<Destination> = []
        var runner: CheckedContinuation<Destination?, Never>?
        var isClosed = false

        var isOver: Bool { self.isClosed && self.lanes.isEmpty }
    }

    private let layer: any ChannelLayer
    private let configuration: PumpConfiguration
    private let clock: any Clock<Duration>
    private let state: Mutex<State>
    package let tally: BridgeTally

    package init(
        _ layer: any ChannelLayer, _ configuration: PumpConfiguration, tally: BridgeTally,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.layer = layer
        self.configuration = configuration
        self.clock = clock
        self.tally = tally
        let limits = PumpLanes<Message>.Limits(messages: configuration.messages, bytes: configuration.bytes)
        self.state = Mutex(State(lanes: PumpLanes(limits: limits)))
    }

    // MARK: Taking

    /// Takes a message when there is room for it; one that is to be dropped counts as taken.
    ///
    /// A source gives one message at a time, so that what waits for room is bounded by the number of sources.
    ///
    /// - Parameters:
    ///   - other: a destination behind whose messages this one is sent, so that it overtakes none of them; nil: its
    ///     own.
    ///   - answer: called once, on any thread; false when the pump has closed and the message was dropped.
    package func put(
        _ payload: Payload, to destination: Destination, behind other: Destination? = nil,
        answer: @escaping @Sendable (Bool) -> Void
    ) {
        let message = Message(payload: payload, destination: destination)
        let lane = other ?? destination
        enum Outcome { case taken, waits, dropped, closed }
        let outcome = self.state.withLock { state -> Outcome in
            if state.isClosed { return .closed }
            if state.waiters.isEmpty, Self.take(message, lane, &state) { return .taken }
            if self.configuration.overflow == .drop { return .dropped }
            state.waiters.append(Waiter(message: message, lane: lane, answer: answer))
            return .waits
        }
        switch outcome {
        case .waits: break
        case .taken:
            self.wakeRunner()
            answer(true)
        case .dropped:
            let (messages, bytes) = (self.configuration.messages, self.configuration.bytes)
            self.tally.drop(.overflow, "\(destination): the queue of \(messages) messages or \(bytes) bytes is full")
            answer(true)
        case .closed:
            self.tally.drop(.shutdown, "\(destination)")
            answer(false)
        }
    }

    /// Takes a message when there is room for it.
    ///
    /// - Returns: false when the pump has closed.
    package func put(_ payload: Payload, to destination: Destination, behind other: Destination? = nil) async -> Bool {
        await withCheckedContinuation { continuation in
            self.put(payload, to: destination, behind: other) { continuation.resume(returning: $0) }
        }
    }

    /// The same for threads of C libraries: holds the thread until there is room.
    package func putBlocking(_ payload: Payload, to destination: Destination) -> Bool {
        let taken = DispatchSemaphore(value: 0)
        let answer = Mutex(false)
        self.put(payload, to: destination) { isTaken in
            answer.withLock { $0 = isTaken }
            taken.signal()
        }
        taken.wait()
        return answer.withLock { $0 }
    }

    /// Takes nothing more; what was taken is still sent.
    package func close() {
        let waiters = self.state.withLock { state -> Deque<Waiter> in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters {
            self.tally.drop(.shutdown, "\(waiter.message.destination)")
            waiter.answer(false)
        }
        self.wakeRunner()
    }

    private static func take(_ message: Message, _ lane: Destination, _ state: inout State) -> Bool {
        switch state.lanes.put(message, size: message.payload.count, to: lane) {
        case .full: return false
        case .begun: state.begun.append(lane)
        case .queued: break
        }
        return true
    }

    // MARK: Sending

    /// Sends until the pump is closed and empty, or the task is cancelled; what is left then is counted.
    package func run() async {
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { lanes in
                while let destination = await self.nextLane() {
                    lanes.addTask { await self.empty(destination) }
                }
            }
        } onCancel: {
            self.close()
        }
    }

    private func nextLane() async -> Destination? {
        await withCheckedContinuation { continuation in
            self.state.withLock { $0.runner = continuation }
            self.wakeRunner()
        }
    }

    private func wakeRunner() {
        let call = self.state.withLock { state -> (CheckedContinuation<Destination?, Never>, Destination?)? in
            guard let runner = state.runner else { return nil }
            guard let destination = state.begun.popFirst() else {
                guard state.isOver else { return nil }
                state.runner = nil
                return (runner, nil)
            }
            state.runner = nil
            return (runner, destination)
        }
        if let (runner, destination) = call { runner.resume(returning: destination) }
    }

    private func empty(_ lane: Destination) async {
        var next = self.state.withLock { $0.lanes.first(of: lane) }
        while let message = next {
            await self.send(message.payload, to: message.destination)
            next = self.removeFirst(of: lane)
        }
        self.wakeRunner()
    }

    /// Gives the room of what was dealt with to those who wait for it.
    private func removeFirst(of lane: Destination) -> Message? {
        let (next, admitted) = self.state.withLock { state -> (Message?, [Waiter]) in
            let next = state.lanes.removeFirst(of: lane)
            var admitted: [Waiter] = []
            while let waiter = state.waiters.first, Self.take(waiter.message, waiter.lane, &state) {
                admitted.append(waiter)
                state.waiters.removeFirst()
            }
            return (next, admitted)
        }
        if !admitted.isEmpty { self.wakeRunner() }
        for waiter in admitted { waiter.answer(true) }
        return next
    }

    private func send(_ payload: Payload, to destination: Destination) async {
        var backoff = ClientBackoff(first: self.configuration.firstBackoff, most: self.configuration.maxBackoff)
        while !Task.isCancelled {
            guard let drop = await self.drop(sending: payload, to: destination) else { return }
            guard drop.isPassing, self.configuration.overflow == .wait else {
                return self.tally.drop(drop.reason, "\(destination): \(drop.detail)")
            }
            self.tally.count { $0.retried += 1 }
            // A wait that is cut short ends the loop.
            try? await self.clock.sleep(for: backoff.next(jitter: .random(in: 0...1)))
        }
        self.tally.drop(.shutdown, "\(destination)")
    }

    /// Sends once.
    ///
    /// - Returns: nil when it was stored.
    private func drop(sending payload: Payload, to destination: Destination) async -> FailedSend? {
        let answer = OneAnswer<DestinationAnswer>()
        self.layer.send(payload, to: destination) { answer.give($0) }
        // A broker that hangs does not hold us when we have to leave.
        switch (try? await answer.wait()) ?? .failed(.unanswered) {
        case .sent(let counts):
            self.tally.countSent(counts)
            return nil
        case .failed(let failure): return failure
        }
    }
}
