import NIOCore
import SeawayHub
import SeawayMessage
import SeawayWire

/// The handle of a listening in this process.
final class LocalListening: Listening {
    private let layer: InProcessLayer
    let endpoint: NIOLoopBoundBox<LocalEndpoint?>

    init(layer: InProcessLayer, eventLoop: any EventLoop) {
        self.layer = layer
        self.endpoint = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: eventLoop)
    }

    func ready(_ count: Int) {
        let endpoint = self.endpoint
        self.layer.onLoop { _ in endpoint.value?.ready(count) }
    }

    func stop(_ done: @escaping @Sendable () -> Void) {
        let endpoint = self.endpoint
        self.layer.onLoop { local in
            endpoint.value?.end()
            // Behind what is to be delivered still.
            local.outbox.put(.stopped(done))
        }
    }
}

/// One listening in this process, as the broker sees it.
final class LocalEndpoint: Endpoint {
    let id: PeerID
    let format = BodyFormat.messagePack
    let clientName: String?
    let names: [String]
    private let local: LocalState
    private let receive: @Sendable (Delivery) -> Void
    private let event: @Sendable (ListeningEvent) -> Void
    private(set) var isOver = false
    private var isPutOff = false

    init(
        id: PeerID, local: LocalState, names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) {
        self.id = id
        self.clientName = local.clientName
        self.local = local
        self.names = names
        self.receive = receive
        self.event = event
    }

    /// What is gathered leaves in this very turn, bounded by the credit.
    var unread: Int { 0 }

    func ready(_ count: Int) {
        // As on the wire: a zero would take back what was granted, and a purse holds no more than that (R4).
        guard !self.isOver, count > 0 else { return }
        self.local.core.hub.ready(self.id, min(count, Request.mostCredit), nil)
        self.local.core.allowWork()
        self.local.core.drain(self.id)
    }

    func putOff() {
        guard !self.isPutOff else { return }
        self.isPutOff = true
        self.local.core.putOff(self.id, hasWorked: true)
    }

    func takeTurn() {
        guard self.isPutOff else { return }
        self.isPutOff = false
        self.local.core.allowWork()
        self.local.core.drain(self.id)
    }

    func push(_ channel: Span<UInt8>, body: Span<UInt8>) {
        self.push(Delivery(channels: [channel.text], body: Payload(messagePack: body.array)))
    }

    func push(group: Name?, body: Span<UInt8>, names: ((Span<UInt8>) -> Void) -> Void) {
        var channels: [String] = []
        names { channels.append($0.text) }
        self.push(Delivery(channels: channels, group: group?.description, body: Payload(messagePack: body.array)))
    }

    private func push(_ delivery: Delivery) { self.local.outbox.put(.delivery(delivery, self.receive)) }

    func pushMembers(_ verb: MembersVerb, group: Name, _ channels: [Name]) {}

    /// Code in this process has no way to ask for copies.
    func pushCopy(group: Name?, body: Span<UInt8>, names: ArraySlice<Name>) {}

    func pushLost(_ name: Name) {
        // First, since what its other names leave may go to another listening.
        self.tell(.lost(name: name.description))
        self.end()
    }

    func pushShutdown(within milliseconds: Int) {}

    func check(now: Int) {}

    func tell(_ event: ListeningEvent) { self.local.outbox.put(.event(event, self.event)) }

    /// Stops listening; what was gathered is still handed out.
    func end() {
        guard !self.isOver else { return }
        self.isOver = true
        self.local.forget(self)
        self.local.core.detach(self.id, endMailboxes: true)
    }
}
