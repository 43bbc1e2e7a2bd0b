package import Logging
package import SeawayMessage
import Synchronization

/// Hands on what comes from a channel or a group, as many at a time as asked for.
///
/// A message costs a credit, which comes back when it was dealt with: what is under way is bounded, the rest waits at the broker. With one
/// at a time they are handed on in order.
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

    private let layer: any ChannelLayer
    private let point: ReadingPoint
    private let mailbox: String
    private let concurrency: Int
    private let saysDone: Bool
    private let logger: Logger
    private let consume: @Sendable (Delivery) async -> Void
    private let deliveries = JobQueue<Delivery>()
    private let state = Mutex(State.idle)
    private let failure = Mutex<Ended?>(nil)

    /// - Parameters:
    ///   - mailbox: where the messages of a group arrive, such as `bridge.k3f9!`; nobody else's.
    ///   - concurrency: messages under way.
    ///   - saysDone: whether an event of a WebSocket that is waited for is done with when `consume` returns; else `consume` says so itself.
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
            listening.stop { [deliveries] in deliveries.close() }
        } else {
            self.deliveries.close()
        }
    }

    /// - Throws: ``Ended`` when the broker refuses.
    package func run() async throws {
        let names = self.point.names(mailbox: self.mailbox)
        let listening = self.layer.listen(
            to: [names.listen], receive: { [deliveries] in deliveries.put($0) },
            event: { [weak self] in self?.happened($0, names.member) })
        guard self.begin(listening) else { return listening.stop {} }
        listening.ready(self.concurrency)
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for _ in 0..<self.concurrency { group.addTask { await self.work(listening) } }
            }
        } onCancel: {
            self.stop()
        }
        if let failure = self.failure.withLock({ $0 }) { throw failure }
    }

    /// - Returns: whether it is still to listen.
    private func begin(_ listening: any Listening) -> Bool {
        self.state.withLock { state in
            guard case .idle = state else { return false }
            state = .listening(listening)
            return true
        }
    }

    private func work(_ listening: any Listening) async {
        while let delivery = await self.deliveries.next() {
            await self.consume(delivery)
            // Where it is lost, the server goes on after its time.
            if self.saysDone, let done = EventDone(of: delivery.body) {
                self.layer.send(done.payload, to: done.destination) { _ in }
            }
            listening.ready(1)
        }
    }

    private func happened(_ event: ListeningEvent, _ member: String?) {
        switch event {
        case .started(let isKept):
            self.logger.debug("reading", metadata: ["from": "\(self.point)"])
            if !isKept, let member { self.join(member) }
        case .interrupted: break
        case .lost(let name): self.end("another reader has taken \(name)")
        case .refused(let refusal): self.end("\(self.point): \(refusal)")
        }
    }

    private func join(_ member: String) {
        guard case .group(let group) = self.point else { return }
        self.layer.join(group, [member]) { [weak self] answer in
            // When the connection is lost it starts, and joins, again.
            if case .refused(let refusal) = answer, !refusal.isUnreachable { self?.end("group \(group): \(refusal)") }
        }
    }

    private func end(_ reason: String) {
        self.failure.withLock { $0 = Ended(description: reason) }
        self.deliveries.close()
    }
}
