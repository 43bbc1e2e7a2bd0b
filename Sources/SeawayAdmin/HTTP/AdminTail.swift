import Logging
import NIOCore
import SeawayMessage
import SeawayServer

/// One who looks on at messages: what passes at all brokers, written as events as fast as its client takes them.
///
/// Lives on the loop of its connection.
final class AdminTail {
    private let core: AdminCore
    private let channel: any Channel
    private let write: ([UInt8]) -> Void
    private var feed = TailFeed()
    private var tails: [any WatchedTail] = []
    private var isOver = false
    private var spokeAt: Moment

    /// - Parameter write: hands bytes to the client.
    init(_ core: AdminCore, _ channel: any Channel, write: @escaping ([UInt8]) -> Void) {
        self.core = core
        self.channel = channel
        self.write = write
        self.spokeAt = Moment(core.eventLoop.now)
    }

    func begin(_ pattern: String, _ group: String?) {
        self.core.counters.tails += 1
        self.core.logger.info(
            "the console looks on", metadata: ["channel": "\(pattern)", "group": "\(group ?? "-")"])
        let bound = NIOLoopBound(self, eventLoop: self.core.eventLoop)
        for (index, broker) in self.core.site.brokers.enumerated() {
            let address = broker.address
            self.tails.append(
                broker.tail(pattern, group: group) { events in
                    bound.eventLoop.execute { bound.value.came(events, at: address, index) }
                })
        }
        if self.tails.isEmpty { self.say(TailText.state("nothing", broker: "none")) }
    }

    private func say(_ bytes: [UInt8]) {
        self.spokeAt = Moment(self.core.eventLoop.now)
        self.write(bytes)
    }

    private func came(_ events: [TailEvent], at address: String, _ index: Int) {
        var bytes = 0
        var text: [UInt8] = []
        for event in events {
            switch event {
            case .copy(let copy):
                bytes += copy.body.count
                guard !self.isOver else { continue }
                self.add(copy, to: &text)
            case .missed(let count):
                self.feed.lost(count)
                self.core.counters.dropped += count
            case .started: text += TailText.state("started", broker: address)
            case .interrupted: text += TailText.state("interrupted", broker: address)
            case .refused(let refusal): text += TailText.refused(refusal, broker: address)
            }
        }
        if bytes > 0 { self.tails[index].took(bytes) }
        if !text.isEmpty, !self.isOver { self.say(text) }
    }

    private func add(_ copy: Delivery, to text: inout [UInt8]) {
        let isTaken = self.channel.isWritable && text.count < 64 << 10
        switch self.feed.came(copy.channels.count, isTaken: isTaken) {
        case .drop:
            self.core.counters.dropped += copy.channels.count
            return
        case .tell(let missing): text += TailText.dropped(missing)
        case .write: break
        }
        text += TailText.message(copy, time: ProcessFigures().now)
    }

    /// The client has taken what was written.
    func isTakenAgain() {
        let missing = self.feed.isTakenAgain()
        if missing > 0, !self.isOver { self.say(TailText.dropped(missing)) }
    }

    func saysThatItIsThere(at now: Moment) {
        let missing = self.channel.isWritable ? self.feed.isTakenAgain() : 0
        if missing > 0 { return self.say(TailText.dropped(missing)) }
        guard self.spokeAt + self.core.limits.tailInterval <= now, self.channel.isWritable else { return }
        self.say(TailText.stillHere)
    }

    func stop() {
        guard !self.isOver else { return }
        self.isOver = true
        self.core.counters.tails -= 1
        for tail in self.tails { tail.stop() }
    }
}

@available(*, unavailable)
extension AdminTail: Sendable {}
