import NIOCore
import SeawayHub
import SeawayMessage
import SeawayWire

/// The store itself as a ``ChannelLayer``: no socket and no second loop in between.
///
/// Each listening is an endpoint of its own, so that its credit is too.
final class InProcessLayer: ChannelLayer {
    private let core: NIOLoopBound<BrokerCore>
    private let eventLoop: any EventLoop
    private let clientName: String
    /// Who reads which name.
    private let readers: NIOLoopBoundBox<[String: LocalEndpoint]>
    /// Who holds the watches, as long as there are any.
    private let watcher: NIOLoopBoundBox<LocalEndpoint?>

    init(core: NIOLoopBound<BrokerCore>, eventLoop: any EventLoop, clientName: String) {
        self.core = core
        self.eventLoop = eventLoop
        self.clientName = clientName
        self.readers = NIOLoopBoundBox.makeBoxSendingValue([:], eventLoop: eventLoop)
        self.watcher = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: eventLoop)
    }

    /// The store is always in reach; a send to one that is leaving is refused with `closing`.
    var isConnected: Bool { true }

    func send(
        _ body: Payload, to channel: String, ifHeard: Bool, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.onLoop { core in
            let name = Array(channel.utf8)
            guard let form = NameForm(name.span), form.isChannel else { return answer(.refused(.init(.name))) }
            answer(.init(core.send(body.messagePack.span, .messagePack, to: name.span, form, ifHeard: ifHeard)))
        }
    }

    func send(
        _ body: Payload, toGroup group: String, except: String?, answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.onLoop { core in
            let name = Array(group.utf8)
            guard NameForm(name.span) == .normal else { return answer(.refused(.init(.name))) }
            let outcome = core.send(
                body.messagePack.span, .messagePack, toGroup: name.span, except: except.flatMap(Name.init))
            switch outcome {
            case .success(let outcome): answer(.sent(outcome.sent, full: outcome.full, gone: outcome.gone))
            case .failure(let refusal): answer(.refused(.init(refusal)))
            }
        }
    }

    func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.change(group, channels, answer) { (core, group, channels) throws(WireRefusal) in
            try core.hub.join(group, channels, now: core.now)
        }
    }

    func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.change(group, channels, answer) { (core, group, channels) throws(WireRefusal) in
            core.hub.leave(group, channels)
        }
    }

    private func change(
        _ group: String, _ channels: [String], _ answer: @escaping @Sendable (SendAnswer) -> Void,
        _ change: @escaping @Sendable (BrokerCore, Name, [Name]) throws(WireRefusal) -> Void
    ) {
        self.onLoop { core in
            let names = channels.compactMap(Name.init)
            guard let group = Name(group), NameForm(group.bytes.span) == .normal, names.count == channels.count,
                names.allSatisfy({ NameForm($0.bytes.span) != .mailbox })
            else { return answer(.refused(.init(.name))) }
            do throws(WireRefusal) {
                try change(core, group, names)
                answer(.done)
            } catch {
                answer(.refused(.init(error)))
            }
            core.carryOutEffects()
        }
    }

    func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        let watcher = self.watcher
        let clientName = self.clientName
        self.change(group, [channel], answer) { (core, group, channels) throws(WireRefusal) in
            if watcher.value == nil {
                core.attach { id in
                    let endpoint = LocalEndpoint(id: id, core: core, clientName: clientName)
                    watcher.value = endpoint
                    return endpoint
                }
            }
            defer { Self.endIfIdle(watcher, core) }
            guard let id = watcher.value?.id else { return }
            try core.hub.watch(id, group, channels[0], now: core.now)
        }
    }

    func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        let watcher = self.watcher
        self.change(group, [channel], answer) { (core, group, channels) throws(WireRefusal) in
            guard let id = watcher.value?.id else { return }
            core.hub.unwatch(id, group, channels[0])
            Self.endIfIdle(watcher, core)
        }
    }

    private static func endIfIdle(_ watcher: NIOLoopBoundBox<LocalEndpoint?>, _ core: BrokerCore) {
        guard let endpoint = watcher.value, core.hub.listening(of: endpoint.id).names == 0 else { return }
        endpoint.stop()
        watcher.value = nil
    }

    func pause(_ channel: String) {
        self.asReader(of: channel) { try? $0.hub.pause($1, $2) }
    }

    func resume(_ channel: String) {
        self.asReader(of: channel) { try? $0.hub.resume($1, $2) }
    }

    func close(_ channels: [String]) {
        for channel in channels { self.asReader(of: channel) { try? $0.hub.close($1, [$2], now: $0.now) } }
    }

    /// Speaks for the listening that reads a channel; without one there is nothing to say.
    private func asReader(of channel: String, _ body: @escaping @Sendable (BrokerCore, PeerID, Name) -> Void) {
        let readers = self.readers
        self.onLoop { core in
            guard let name = Name(channel), let form = NameForm(name.bytes.span) else { return }
            var mailbox: String?
            if case .reply(let length) = form { mailbox = String(decoding: name.bytes[..<length], as: UTF8.self) }
            guard let reader = readers.value[channel] ?? mailbox.flatMap({ readers.value[$0] }) else { return }
            body(core, reader.id, name)
            core.carryOutEffects()
        }
    }

    func listen(
        to names: [String], receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        let listening = LocalListening(eventLoop: self.eventLoop)
        let readers = self.readers
        let clientName = self.clientName
        self.onLoop { core in
            let checked = names.compactMap(Name.init)
            guard checked.count == names.count else { return event(.refused(.init(.name))) }
            core.attach { id in
                let endpoint = LocalEndpoint(id: id, core: core, clientName: clientName, receive: receive, event: event)
                listening.endpoint.value = endpoint
                return endpoint
            }
            guard let endpoint = listening.endpoint.value else { return }
            do throws(WireRefusal) {
                let outcome = try core.hub.listen(endpoint.id, checked, wantsMembers: false, now: core.now)
                for name in names { readers.value[name] = endpoint }
                core.carryOutEffects()
                event(.started(kept: outcome.isKept ?? true))
            } catch {
                endpoint.stop()
                event(.refused(.init(error)))
            }
        }
        return listening
    }

    /// Runs at once on the loop's own thread, soon from any other.
    private func onLoop(_ body: @escaping @Sendable (BrokerCore) -> Void) {
        let core = self.core
        let run: @Sendable () -> Void = {
            core.value.readClock()
            body(core.value)
        }
        if self.eventLoop.inEventLoop { run() } else { self.eventLoop.execute(run) }
    }
}

/// The handle of a listening in this process.
private final class LocalListening: Listening {
    let endpoint: NIOLoopBoundBox<LocalEndpoint?>
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.endpoint = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: eventLoop)
    }

    func ready(_ count: Int) {
        self.onLoop { $0?.ready(count) }
    }

    func stop(_ done: @escaping @Sendable () -> Void) {
        self.onLoop { endpoint in
            endpoint?.stop()
            done()
        }
    }

    private func onLoop(_ body: @escaping @Sendable (LocalEndpoint?) -> Void) {
        if self.eventLoop.inEventLoop { return body(self.endpoint.value) }
        let endpoint = self.endpoint
        self.eventLoop.execute { body(endpoint.value) }
    }
}

/// One listening in this process, as the broker sees it.
private final class LocalEndpoint: Endpoint {
    let id: PeerID
    let format = BodyFormat.messagePack
    let clientName: String?
    private unowned let core: BrokerCore
    private let receive: @Sendable (Delivery) -> Void
    private let event: @Sendable (ListeningEvent) -> Void
    /// Handed out when the turn ends: a closure may call the layer again, which must not be in the midst of something.
    private var gathered: [Delivery] = []
    private var isTouched = false
    private var isOver = false

    init(
        id: PeerID, core: BrokerCore, clientName: String, receive: @escaping @Sendable (Delivery) -> Void = { _ in },
        event: @escaping @Sendable (ListeningEvent) -> Void = { _ in }
    ) {
        self.id = id
        self.core = core
        self.clientName = clientName
        self.receive = receive
        self.event = event
    }

    /// What is gathered leaves in this very turn, bounded by the credit.
    var unread: Int { 0 }

    func ready(_ count: Int) {
        guard !self.isOver else { return }
        self.core.hub.ready(self.id, count, nil)
        self.core.drain(self.id)
    }

    func push(_ channel: Span<UInt8>, body: Span<UInt8>) {
        self.gather(Delivery(channels: [channel.text], body: Payload(messagePack: body.array)))
    }

    func push(group: Name?, body: Span<UInt8>, names: ((Span<UInt8>) -> Void) -> Void) {
        var channels: [String] = []
        names { channels.append($0.text) }
        self.gather(Delivery(channels: channels, group: group?.description, body: Payload(messagePack: body.array)))
    }

    private func gather(_ delivery: Delivery) {
        self.gathered.append(delivery)
        guard !self.isTouched else { return }
        self.isTouched = true
        self.core.touch(self)
    }

    func flush() {
        self.isTouched = false
        let gathered = self.gathered
        self.gathered.removeAll(keepingCapacity: true)
        for delivery in gathered { self.receive(delivery) }
    }

    func pushMembers(_ verb: MembersVerb, group: Name, _ channels: [Name]) {}

    func pushLost(_ name: Name) { self.event(.lost(name: name.description)) }

    func pushShutdown(within milliseconds: Int) {}

    func check(now: Int) {}

    /// Stops listening; what was gathered is still handed out.
    func stop() {
        guard !self.isOver else { return }
        self.isOver = true
        self.core.detach(self.id, endMailboxes: true)
    }

    func end() { self.stop() }
}

extension Refusal {
    init(_ refusal: WireRefusal) { self.init(code: refusal.code.rawValue, text: refusal.details) }
}

extension SendAnswer {
    init(_ refusal: WireRefusal?) { self = refusal.map { .refused(Refusal($0)) } ?? .done }
}
