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
            endpoint.value?.stop()
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
    /// Of what comes to be acknowledged; `nil` where nothing does.
    let holder: LocalHolder?
    private let holds: Bool
    private var schedule = HoldSchedule()
    private let receive: @Sendable (Delivery) -> Void
    private let event: @Sendable (ListeningEvent) -> Void
    private(set) var isOver = false
    /// It takes nothing more, and is over when it holds nothing more.
    private var isStopped = false
    private var isPutOff = false

    init(
        id: PeerID, local: LocalState, names: [String], holder: LocalHolder? = nil, holds: Bool = false,
        receive: @escaping @Sendable (Delivery) -> Void, event: @escaping @Sendable (ListeningEvent) -> Void
    ) {
        self.id = id
        self.clientName = local.clientName
        self.local = local
        self.names = names
        self.holder = holder
        self.holds = holds
        self.receive = receive
        self.event = event
    }

    /// What is gathered leaves in this very turn, bounded by the credit.
    var unread: Int { 0 }

    func ready(_ count: Int) {
        // As on the wire: a zero would take back what was granted, and an account holds no more than that (R4).
        guard !self.isOver, !self.isStopped, count > 0 else { return }
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

    func push(_ channel: Span<UInt8>, body: Span<UInt8>, _ handover: Handover) {
        let channel = channel.text
        self.push(
            Delivery(channels: [channel], body: Payload(messagePack: body.array), held: self.hold(channel, handover)))
    }

    func push(_ delivery: WaitingDelivery, body: Span<UInt8>, now: Int) {
        let channels = delivery.names.map(\.description)
        var told = Delivery(
            channels: channels, group: delivery.group?.description, body: Payload(messagePack: body.array))
        if let handover = delivery.handover { told.held = self.hold(channels[0], handover) }
        told.deadLetter = delivery.death.map { DeadLetter($0, now: now) }
        self.push(told)
    }

    private func hold(_ channel: String, _ handover: Handover) -> HeldMessage? {
        guard let holder else { return nil }
        let tag = handover.lease(on: Array(channel.utf8).span).tag
        let held = HeldMessage(channel: channel, id: "\(tag)", times: handover.times, holder: holder)
        if self.holds {
            let core = self.local.core
            self.schedule.add(held, every: core.configuration.hub.hold / 3, now: core.now)
        }
        return held
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

    func check(now: Int) {
        for message in self.schedule.takeDue(now: now) {
            // One that is not held any more is over as far as this is concerned.
            do throws(WireRefusal) {
                guard let holder else { continue }
                _ = try self.local.take(.held, of: message, by: holder)
            } catch {
                self.schedule.remove(message)
            }
        }
        self.endIfDone()
    }

    func tell(_ event: ListeningEvent) { self.local.outbox.put(.event(event, self.event)) }

    /// Takes nothing more; what it holds it may still acknowledge (D13).
    func stop() {
        guard !self.isOver else { return }
        guard let holder, self.local.core.hub.heldMessages(by: holder.id) > 0 else { return self.end() }
        guard !self.isStopped else { return }
        self.isStopped = true
        self.local.forget(self)
        let names = self.names.compactMap(Name.init)
        self.local.core.hub.unlisten(self.id, names, now: self.local.core.now)
        self.local.core.carryOutEffects()
    }

    /// It was stopped, and holds nothing any more.
    func endIfDone() {
        guard self.isStopped, !self.isOver, self.local.core.hub.heldMessages(by: self.id) == 0 else { return }
        self.end()
    }

    /// Stops listening; what was gathered is still handed out.
    func end() {
        guard !self.isOver else { return }
        self.isOver = true
        self.local.forget(self)
        self.local.core.detach(self.id, endMailboxes: true)
    }
}

extension DeadLetter {
    /// - Parameter now: the broker's time, in milliseconds.
    fileprivate convenience init(_ death: Death, now: Int) {
        self.init(
            cause: death.cause == .nak ? .nak : .tries, tries: death.times, age: .milliseconds(now - death.at),
            reason: death.why.map(PercentCoding.decode))
    }
}
