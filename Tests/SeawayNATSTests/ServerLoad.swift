import NIOCore
import SeawayNATS

/// Publishes with a window of unanswered messages until as many are stored as were asked for.
private final class Publisher {
    var result = Published()
    private var missing: Int
    private let started = ContinuousClock.now
    private let client: NATSClient
    private let subject: String
    private let headers: NATSHeaders
    private let stored: (Int) -> Void
    private let done: (Published) -> Void
    private var waiting = 0
    private static let payload = [UInt8](repeating: 0x61, count: 256)

    init(
        _ client: NATSClient, _ total: Int, _ subject: String, _ headers: NATSHeaders,
        stored: @escaping (Int) -> Void, done: @escaping (Published) -> Void
    ) {
        (self.client, self.missing, self.subject, self.headers) = (client, total, subject, headers)
        (self.stored, self.done) = (stored, done)
    }

    func publish() {
        guard self.missing > self.waiting else { return }
        self.waiting += 1
        self.client.store(Self.payload, at: self.subject, headers: self.headers, patience: 2_000) { outcome in
            self.waiting -= 1
            switch outcome {
            case .stored(let sequence, _):
                self.result.stored.append(sequence)
                self.missing -= 1
                self.stored(self.result.stored.count)
                if self.missing == 0 {
                    self.result.time = ContinuousClock.now - self.started
                    self.done(self.result)
                }
                return self.publish()
            case .unknown, .refusedByOne: self.result.unknown += 1
            case .full, .notStored, .refused, .tooLarge: self.result.refused += 1
            }
            let publisher = NIOLoopBound(self, eventLoop: self.client.eventLoop)
            self.client.eventLoop.scheduleTask(in: .milliseconds(50)) { publisher.value.publish() }
        }
    }
}

struct Published: Sendable {
    /// Their sequences.
    var stored: [Int] = []
    var refused = 0
    var unknown = 0
    var time = Duration.zero
}

extension NATSVisit {
    /// - Parameter stored: called with the count of those that are stored.
    func publish(
        _ total: Int, window: Int, to subject: String, headers: NATSHeaders,
        _ stored: @escaping (Int) -> Void = { _ in }
    ) async throws -> Published {
        // The test waits for what runs on the loop, and does nothing else meanwhile.
        nonisolated(unsafe) let stored = stored
        let future = try await self.onLoop { client in
            let promise = client.eventLoop.makePromise(of: Published.self)
            let publisher = Publisher(client, total, subject, headers, stored: stored) { promise.succeed($0) }
            for _ in 0..<window { publisher.publish() }
            return promise.futureResult
        }
        return try await future.get()
    }

    /// Takes and acknowledges messages until all of these have come, or none comes any more.
    func takeAll(from consumer: String, of stream: String, _ wanted: Set<Int>) async throws -> Set<Int> {
        let future = try await self.onLoop { client in
            let promise = client.eventLoop.makePromise(of: Set<Int>.self)
            var taken: Set<Int> = []
            var missing = wanted
            var open: EventLoopPromise<Set<Int>>? = promise
            var reader: PulledConsumer?
            reader = client.pull(from: consumer, of: stream) { event in
                guard case .message(let message, let delivery, _) = event, let reply = message.reply else { return }
                taken.insert(delivery.sequence)
                missing.remove(delivery.sequence)
                client.acknowledge(reply, .done, patience: 2_000) { _ in }
                reader?.setCredit(512)
                if missing.isEmpty { open.take()?.succeed(taken) }
            }
            reader?.setCredit(512)
            return promise.futureResult
        }
        return try await future.get()
    }

    /// - Returns: whether the server has heard it.
    func acknowledge(_ reply: String, _ acknowledgement: Acknowledgement) async throws -> Bool {
        let future = try await self.onLoop { client in
            let promise = client.eventLoop.makePromise(of: Bool.self)
            client.acknowledge(reply, acknowledgement, patience: 2_000) { outcome in
                if case .answered = outcome { promise.succeed(true) } else { promise.succeed(false) }
            }
            return promise.futureResult
        }
        return try await future.get()
    }
}
