package import Logging
package import SeawayMessage
import Synchronization

/// Hands on what comes from a channel or a group, as many at a time as asked for.
///
/// A message costs a credit, which comes back when it was dealt with: what is under way is bounded, the rest waits at
/// the broker. With one at a time they are handed on in order.
package final class LayerSource: BridgeSource {
    /// Why it ended without having been told to.
    package struct Ended: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    private enum State {
        case idle
        case listening(any Listening)
        case stopped
    }

    /// What the broker refuses for now, as the same may be granted when others have given something back.
    private enum Refused: Sendable {
        case listening(Refusal)
        case joining(Refusal, member: String)

        var refusal: Refusal {
            switch self {
            case .listening(let refusal), .joining(let refusal, _): refusal
            }
        }
    }

    /// A message, and the listening that paid for it.
    private struct Job: Sendable {
        let delivery: Delivery
        let listening: any Listening
    }

    private let layer: any ChannelLayer
    private let point: ReadingPoint
    private let mailbox: String
    private let concurrency: Int
    private let saysDone: Bool
    private let logger: Logger
    private let consume: @Sendable (Delivery) async -> Void
    private let jobs = JobQueue<Job>()
    private let refused = JobQueue<Refused>()
    private let state = Mutex(State.idle)
    private let absence: Mutex<ServiceAbsence>
    private let failure = Mutex<Ended?>(nil)

    /// - Parameters:
    ///   - mailbox: where the messages of a group arrive, such as `bridge.k3f9!`; nobody else's.
    ///   - concurrency: messages under way.
    ///   - saysDone: whether an event of a WebSocket that is waited for is done with when `consume` returns; else
    ///     `consume` says so itself.
    ///   - consume: returns when the message was dealt with, well or badly.
    package init(
        _ layer: any ChannelLayer, _ point: ReadingPoint, mailbox: String = LayerSource.randomMailbox(),
        concurrency: Int = 1, saysDone: Bool = true, logger: Logger,
        consume: @escaping @Sendable (Delivery) async -> Void
    ) {
        self.layer = layer
        self.point = point
        self.mailbox = mailbox
        self.concurrency = concurrency
        self.saysDone = saysDone
        self.logger = logger
        self.absence = Mutex(ServiceAbsence(of: "\(point)", logger: logger))
        self.consume = consume
    }

    /// A mailbox's name that no other bridge has.
    package static func randomMailbox() -> String {
        "bridge.\(String(UInt64.random(in: .min ... .max), radix: 36))!"
    }

    package func stop() {
        let listening = self.state.withLock { state -> (any Listening)? in
            defer { state = .stopped }
            if case .listening(let listening) = state { return listening }
            return nil
        }
        if let listening {
            listening.stop { [self] in self.close() }
        } else {
            self.close()
        }
    }

    private func close() {
        self.jobs.close()
        self.refused.close()
    }

    /// - Throws: ``Ended`` when the broker refuses for good.
    package func run() async throws {
        self.listen()
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { keeping in
                keeping.addTask { await self.keepListening() }
                await withDiscardingTaskGroup { working in
                    for _ in 0..<self.concurrency { working.addTask { await self.work() } }
                }
                keeping.cancelAll()
            }
        } onCancel: {
            self.stop()
        }
        if let failure = self.failure.withLock({ $0 }) { throw failure }
    }

    private func work() async {
        while let job = await self.jobs.next() {
            await self.consume(job.delivery)
            // Where it is lost, the server goes on after its time.
            if self.saysDone, let done = EventDone(of: job.delivery.body) {
                self.layer.send(done.payload, to: done.destination) { _ in }
            }
            job.listening.ready(1)
        }
    }

    // MARK: Listening

    private func listen() {
        let names = self.point.names(mailbox: self.mailbox)
        let payer = Payer()
        let listening = self.layer.listen(
            to: [names.listen],
            receive: { [jobs] delivery in
                // Nothing comes before it was asked for.
                if let listening = payer.listening { jobs.put(Job(delivery: delivery, listening: listening)) }
            },
            event: { [weak self] in self?.happened($0, names.member) })
        payer.listening = listening
        let isWanted = self.state.withLock { state in
            guard case .idle = state else { return false }
            state = .listening(listening)
            return true
        }
        guard isWanted else { return listening.stop {} }
        listening.ready(self.concurrency)
    }

    /// Asks again for what was refused for now.
    private func keepListening() async {
        while let refused = await self.refused.next() {
            let reason = "\(refused.refusal)"
            let wait = self.absence.withLock { $0.failed(reason) }
            // A wait that is cut short ends it.
            do { try await Task.sleep(for: wait) } catch { return }
            switch refused {
            case .joining(_, let member): self.join(member)
            case .listening:
                let isWanted = self.state.withLock { state in
                    if case .stopped = state { return false }
                    state = .idle
                    return true
                }
                if isWanted { self.listen() }
            }
        }
    }

    private func happened(_ event: ListeningEvent, _ member: String?) {
        switch event {
        case .started(let isKept):
            self.logger.debug("reading", metadata: ["from": "\(self.point)"])
            if !isKept, let member { self.join(member) } else { self.absence.withLock { $0.succeeded() } }
        case .interrupted, .weakened, .forsaken: break
        case .lost(let name): self.end("another reader has taken \(name)")
        case .refused(let refusal) where refusal.isPassing: self.refused.put(.listening(refusal))
        case .refused(let refusal): self.end("\(self.point): \(refusal)")
        }
    }

    private func join(_ member: String) {
        guard case .group(let group) = self.point else { return }
        self.layer.join(group, [member]) { [weak self] answer in
            switch answer {
            case .done: self?.absence.withLock { $0.succeeded() }
            case .refused(let refusal) where refusal.isPassing: self?.refused.put(.joining(refusal, member: member))
            // When the connection is lost it starts, and joins, again.
            case .refused(let refusal) where refusal.isUnreachable: break
            case .refused(let refusal): self?.end("group \(group): \(refusal)")
            case .unknown: break
            }
        }
    }

    private func end(_ reason: String) {
        self.failure.withLock { $0 = Ended(description: reason) }
        self.close()
    }
}

/// Knows the listening whose credit pays for what comes.
private final class Payer: Sendable {
    private let state = Mutex<(any Listening)?>(nil)

    var listening: (any Listening)? {
        get { self.state.withLock { $0 } }
        set { self.state.withLock { $0 = newValue } }
    }
}

extension Refusal {
    /// Whether the same may be granted later: others may give something back, or a broker that leaves comes back.
    fileprivate var isPassing: Bool { ["closing", "full", "limit"].contains(self.code) }
}
