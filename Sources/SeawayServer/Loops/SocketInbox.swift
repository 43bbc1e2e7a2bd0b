import NIOCore
import SeawayMessage

/// What is sent to all WebSockets of a server, on its first loop (W1, W30).
///
/// A message is read once, on whichever loops its sockets are, and each of these loops gets it once, with all that came
/// in the same turn, in the order in which it came.
final class SocketInbox {
    /// Of this loop; outlives this.
    private unowned let core: ServerCore
    /// To the loops behind the first.
    private var lanes: [SocketLane] = []
    /// What came last to a group: one that does not fit in a frame comes in several (PROTOCOL.md, G4).
    private var last: DecodedDelivery?
    private var willEndTurn = false

    init(core: ServerCore) { self.core = core }

    private lazy var inbox = ReplyInbox(
        SocketBox.allCases.map(\.prefix), layer: self.core.layer, eventLoop: self.core.eventLoop,
        credit: self.core.configuration.credit, now: self.core.now, logger: self.core.logger, owner: self)

    var names: SocketNames { SocketNames(boxes: self.inbox.boxes.map(\.names)) }

    /// Adds the next loop; to be said before ``listen()``.
    func add(_ core: NIOLoopBound<ServerCore>) { self.lanes.append(SocketLane(core)) }

    func listen() { self.inbox.listen() }

    func sweep(at now: Moment) { self.inbox.sweep(at: now) }

    /// Takes nothing more.
    func stop(_ done: @escaping @Sendable () -> Void) { self.inbox.stop(done) }

    // MARK: Handing on

    private func decode(_ delivery: Delivery) -> DecodedDelivery {
        if let last = self.last, last.holds(delivery) { return last }
        let decoded = DecodedDelivery(delivery)
        if decoded.isShared {
            self.last = decoded
            self.endTurnSoon()
        }
        return decoded
    }

    private func endTurnSoon() {
        guard !self.willEndTurn else { return }
        self.willEndTurn = true
        let inbox = OnLoop(self, self.core.eventLoop)
        // All loops write at the same time, so that what goes to sockets of all of them is soon with everybody.
        self.core.sockets.wire.atNextPass { inbox.run { $0.endTurn() } }
    }

    private func endTurn() {
        self.willEndTurn = false
        self.last = nil
        self.core.sockets.turnEnded()
        for index in self.lanes.indices { self.lanes[index].handOver() }
    }

    /// A loop has taken some of what it was handed.
    func taken(by loop: Int, _ box: Int, _ count: Int) {
        self.lanes[loop - 1].wasTaken(count, of: box)
        self.inbox.grant(in: box)
    }

    /// Does something on each loop, behind all that it was handed before.
    private func everywhere(_ body: @escaping @Sendable (SocketCore) -> Void) {
        body(self.core.sockets)
        for index in self.lanes.indices {
            self.lanes[index].handOver()
            self.lanes[index].execute(body)
        }
    }
}

extension SocketInbox: ReplyInboxOwner {
    func receive(_ delivery: Delivery, in box: Int) {
        let decoded = self.decode(delivery)
        var here: [UInt64] = []
        for channel in delivery.channels {
            guard let number = self.inbox.boxes[box].names.number(of: channel) else {
                self.core.counters.sockets.unknown += 1
                continue
            }
            let loop = self.core.place.loop(of: number)
            if loop == 0 { here.append(number) } else { self.lanes[loop - 1].add(number) }
        }
        // First, so that the other loops begin before this one writes.
        for index in self.lanes.indices where self.lanes[index].put(decoded, in: box) { self.endTurnSoon() }
        if !here.isEmpty { self.core.sockets.receive(LoopDelivery(decoded: decoded, numbers: here, box: box)) }
    }

    func held(in box: Int) -> Int { self.lanes.reduce(0) { max($0, $1.held[box]) } }

    func inboxWasLost() {}

    func inboxWasRenamed() {
        let names = self.names
        self.everywhere { $0.move(to: names) }
    }

    func brokerWasLost() { self.everywhere { $0.brokerWasLost() } }
}

/// What goes to the sockets of another loop.
struct SocketLane {
    private let core: NIOLoopBound<ServerCore>
    private var numbers: [UInt64] = []
    private var deliveries: [LoopDelivery] = []
    /// Deliveries of which it is not known that the loop has taken them, by mailbox.
    private(set) var held = SocketBox.allCases.map { _ in 0 }

    init(_ core: NIOLoopBound<ServerCore>) { self.core = core }

    /// Names a socket that is to get the next message.
    mutating func add(_ number: UInt64) { self.numbers.append(number) }

    /// Puts a message for those that were named.
    ///
    /// - Returns: whether there are any.
    mutating func put(_ decoded: DecodedDelivery, in box: Int) -> Bool {
        guard !self.numbers.isEmpty else { return false }
        self.deliveries.append(LoopDelivery(decoded: decoded, numbers: self.numbers, box: box))
        self.numbers.removeAll()
        self.held[box] += 1
        return true
    }

    mutating func wasTaken(_ count: Int, of box: Int) { self.held[box] -= count }

    mutating func handOver() {
        guard !self.deliveries.isEmpty else { return }
        let deliveries = self.deliveries
        self.deliveries = []
        self.execute { $0.receive(deliveries) }
    }

    func execute(_ body: @escaping @Sendable (SocketCore) -> Void) {
        let core = self.core
        core.eventLoop.execute { body(core.value.sockets) }
    }
}

@available(*, unavailable)
extension SocketInbox: Sendable {}
