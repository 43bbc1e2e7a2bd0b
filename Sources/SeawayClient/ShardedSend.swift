import SeawayMessage
import SeawayWire

/// A message that goes to one of several brokers: whichever takes it.
protocol ShardedRequest: Sendable {
    /// By which the broker is chosen.
    var target: ShardMap.Target { get }
    /// To which it belongs, if to any (B7).
    var stream: String? { get }
    /// Bytes that it holds while it waits.
    var size: Int { get }
    /// Why it cannot be sent at all.
    var fault: Refusal? { get }

    /// - Parameters:
    ///   - broker: the layer's place among those of all brokers.
    ///   - again: called instead of the sender's closure when nothing was stored and another broker may take it (B10).
    func send(over layer: WireLayer, _ broker: Int, again: @escaping @Sendable (Refusal) -> Void)

    func refuse(_ refusal: Refusal)
}

/// A message to one channel, whose sender is told by which connection it went.
struct ShardedSend: ShardedRequest {
    private let body: Payload
    private let channel: String
    private let ifHeard: Bool
    let stream: String?
    private let bounds: MessageBounds?
    private let terms: MessageTerms?
    private let answer: @Sendable (SendAnswer, Carrier) -> Void

    init(
        _ body: Payload, _ channel: String, ifHeard: Bool, stream: String?, _ bounds: MessageBounds?,
        _ terms: MessageTerms?, _ answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        self.body = body
        self.channel = channel
        self.ifHeard = ifHeard
        // All with one key go to the same broker, which alone knows that they have (B22).
        let isOfStream = channel.utf8.contains { $0 == UInt8(ascii: "!") || $0 == UInt8(ascii: "?") }
        self.stream = stream ?? (isOfStream ? nil : terms?.once.map { "once?\($0)" })
        self.bounds = bounds
        self.terms = terms
        self.answer = answer
    }

    var target: ShardMap.Target { .channel(self.channel) }
    var size: Int { self.request.size }
    var fault: Refusal? { self.request.fault }
    private var request: WireRequest {
        guard let terms else { return .send(self.body, self.channel, ifHeard: self.ifHeard, self.bounds) }
        return .sendOnTerms(
            SendOnTerms(
                body: self.body, channel: self.channel, ifHeard: self.ifHeard, bounds: self.bounds, terms: terms))
    }

    func send(over layer: WireLayer, _ broker: Int, again: @escaping @Sendable (Refusal) -> Void) {
        let (ifHeard, answer) = (self.ifHeard, self.answer)
        layer.sendCarried(self.request) { result, carrier in
            if case .refused(let refusal) = result, refusal.isClosing || (ifHeard && refusal.isAway) {
                again(refusal)
            } else {
                answer(result, Carrier(broker: broker, connection: carrier.connection))
            }
        }
    }

    func refuse(_ refusal: Refusal) { self.answer(.refused(refusal), Carrier()) }
}

struct ShardedGroupSend: ShardedRequest {
    private let body: Payload
    private let group: String
    private let except: String?
    private let bounds: MessageBounds?
    private let answer: @Sendable (GroupAnswer) -> Void

    init(
        _ body: Payload, _ group: String, except: String?, _ bounds: MessageBounds?,
        _ answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.body = body
        self.group = group
        self.except = except
        self.bounds = bounds
        self.answer = answer
    }

    var target: ShardMap.Target { .group(self.group) }
    var stream: String? { nil }
    var size: Int { self.request.size }
    var fault: Refusal? { self.request.fault }
    private var request: WireRequest { .groupSend(self.body, self.group, except: self.except, self.bounds) }

    func send(over layer: WireLayer, _: Int, again: @escaping @Sendable (Refusal) -> Void) {
        let answer = self.answer
        layer.send(self.body, toGroup: self.group, except: self.except, bounds: self.bounds) { result in
            if case .refused(let refusal) = result, refusal.isClosing { again(refusal) } else { answer(result) }
        }
    }

    func refuse(_ refusal: Refusal) { self.answer(.refused(refusal)) }
}

extension Refusal {
    /// The broker is about to leave; nothing was stored.
    fileprivate var isClosing: Bool { self.code == "closing" }
}
