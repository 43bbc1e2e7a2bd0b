import SeawayClient
import SeawayMessage
import UnixSignals

/// Takes part in reading until there is enough, the time is up, or a signal asks to stop.
///
/// No more is on the way than ``window`` deliveries, so a reader that prints slowly leaves the rest to the broker. What
/// was on its way when it stops is still handed on.
struct Reading {
    /// Deliveries on the way and not yet handed on.
    static let window = 64

    let layer: any ChannelLayer
    let names: [String]
    var terms = ListeningTerms()
    /// How many deliveries are enough; `nil`: never.
    var count: Int?
    /// How long to go on; `nil`: for ever.
    var duration: Duration?
    /// How long the first connection may take.
    var timeout: Duration
    /// What is told when it takes longer.
    var late: Refusal
    /// Called whenever listening is in force; `kept` as in ``ListeningEvent/started(kept:)``.
    var begin: @Sendable (_ kept: Bool) async throws(ClientError) -> Void = { _ in }

    /// - Parameter take: called with each delivery, in order.
    /// - Returns: how many deliveries there were.
    func run(_ take: (Delivery) throws -> Void) async throws -> Int {
        let (deliveries, arrivals) = AsyncStream.makeStream(
            of: Delivery.self, bufferingPolicy: .bufferingOldest(Self.window))
        let (events, news) = AsyncStream.makeStream(of: ListeningEvent.self, bufferingPolicy: .bufferingNewest(16))
        // First, so that whoever sees that it listens may ask it to stop.
        let signals = await Process.catchSignals()
        let listening = self.layer.listen(
            to: self.names, terms: self.terms, receive: { arrivals.yield($0) }, event: { news.yield($0) })
        let stop: @Sendable () -> Void = { listening.stop { arrivals.finish() } }

        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { arrivals.finish() }
                try await self.follow(events)
            }
            group.addTask { await Self.wait(for: signals, then: stop) }
            group.addTask { await Hangups.outlive(orStop: stop) }
            group.addTask {
                try await Task.sleep(for: self.timeout)
                news.yield(.refused(self.late))
            }
            if let duration = self.duration {
                group.addTask {
                    try await Task.sleep(for: duration)
                    stop()
                }
            }
            let taken = try await self.hand(on: deliveries, listening, stop, take)
            group.cancelAll()
            try await Self.wait(for: &group)
            return taken
        }
    }

    private func hand(
        on deliveries: AsyncStream<Delivery>, _ listening: any Listening, _ stop: () -> Void,
        _ take: (Delivery) throws -> Void
    ) async throws -> Int {
        var granted = min(Self.window, self.count ?? Self.window)
        listening.ready(granted)
        var taken = 0
        for await delivery in deliveries {
            try take(delivery)
            taken += 1
            if taken == self.count {
                stop()
            } else if self.count.map({ granted < $0 }) ?? true {
                granted += 1
                listening.ready(1)
            }
        }
        return taken
    }

    /// Ends with an error when listening is over.
    private func follow(_ events: AsyncStream<ListeningEvent>) async throws(ClientError) {
        var hasBegun = false
        for await event in events {
            switch event {
            case .refused(let refusal) where refusal == self.late && hasBegun: continue
            case .started(let kept):
                hasBegun = true
                try await self.begin(kept)
            // The layer itself tells when a connection is lost.
            case .interrupted, .weakened, .forsaken: break
            case .lost(let name):
                throw ClientError(Refusal(code: "lost", text: "another reader has taken it over"), name: name)
            case .refused(let refusal): throw ClientError(refusal, name: self.names[0])
            }
        }
    }

    private static func wait(for signals: UnixSignalsSequence, then stop: () -> Void) async {
        for await _ in signals {
            stop()
            return
        }
    }

    private static func wait(for group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        while let result = await group.nextResult() {
            if case .failure(let error) = result, !(error is CancellationError) { throw error }
        }
    }
}
