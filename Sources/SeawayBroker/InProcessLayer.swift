import NIOCore
import SeawayHub
import SeawayMessage
import SeawayStore
import SeawayWire

/// The store itself as a ``ChannelLayer``: no socket in between, and no second loop unless the layer is asked to have
/// one.
///
/// Each listening is an endpoint of its own, so that its credit is too. What the wire refuses is refused here, in the
/// same words, so that code which runs over one layer runs over the other.
final class InProcessLayer: ChannelLayer {
    private let threads: LocalThreads
    private let brokerLoop: any EventLoop

    /// - Parameters:
    ///   - eventLoop: the broker's.
    ///   - own: where answers and deliveries come.
    init(core: NIOLoopBound<BrokerCore>, eventLoop: any EventLoop, own: any EventLoop, clientName: String) {
        self.brokerLoop = eventLoop
        self.threads = LocalThreads(core: core, broker: eventLoop, own: own, clientName: clientName)
    }

    /// The store is always in reach; a send to one that is leaving is refused with `closing`.
    var isConnected: Bool { true }

    func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, bounds: MessageBounds?,
        terms: MessageTerms?, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.onLoop { local in
            local.answer(answer) { () throws(WireRefusal) in
                let name = Array(channel.utf8)
                guard let form = NameForm(name.span), form.isChannel else { throw .name(name.span) }
                let bounds = try SendBounds(bounds)
                try local.checkSize(of: body)
                let store = form == .normal ? local.core.store.flatMap { $0.keeps(name.span) ? $0 : nil } : nil
                if terms != nil || store != nil {
                    return try local.send(body, to: name.span, form, in: store, ifHeard: ifHeard, bounds, terms)
                }
                let refusal = local.core.send(
                    body.messagePack.span, .messagePack, to: name.span, form, ifHeard: ifHeard, bounds)
                if let refusal { throw refusal }
                return nil
            }
        }
    }

    func sendReported(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, report: ReportTerms,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    ) {
        self.onLoop { local in
            local.answer({ answer($0, Carrier()) }) { () throws(WireRefusal) in
                let name = Array(channel.utf8)
                guard let form = NameForm(name.span), form.isChannel else { throw .name(name.span) }
                let terms = SendTerms(report: try ReportRequest(report, of: form))
                try local.checkSize(of: body)
                if let store = local.core.store, store.keeps(name.span) { throw .reportOfStore }
                _ = try local.core.send(
                    body.messagePack.span, .messagePack, to: name.span, form, ifHeard: ifHeard, nil, terms,
                    by: LocalState.holdsNothing, nil)
                return nil
            }
        }
    }

    func send(
        _ body: Payload, toGroup group: String, except: String?, bounds: MessageBounds?,
        answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.onLoop { local in
            do throws(WireRefusal) {
                let outcome = try local.send(body, toGroup: group, except: except, bounds)
                local.outbox.put(.groupAnswer(.sent(outcome.sent, full: outcome.full, gone: outcome.gone), answer))
            } catch {
                local.outbox.put(.groupAnswer(.refused(local.refusal(error)), answer))
            }
        }
    }

    func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.change("JOIN", group, channels, answer) { (local, group, channels) throws(WireRefusal) in
            try local.core.hub.join(group, channels, now: local.core.now)
        }
    }

    func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.change("LEAVE", group, channels, answer) { (local, group, channels) throws(WireRefusal) in
            local.core.hub.leave(group, channels)
        }
    }

    private func change(
        _ verb: String, _ group: String, _ channels: [String], _ answer: @escaping @Sendable (SendAnswer) -> Void,
        _ change: @escaping @Sendable (LocalState, Name, [Name]) throws(WireRefusal) -> Void
    ) {
        self.onLoop { local in
            local.answer(answer) { () throws(WireRefusal) in
                guard !channels.isEmpty else { throw .args("\(verb) has too few arguments") }
                let line = ClientLine(verb, [group] + channels)
                if let refusal = line.lengthRefusal(limit: local.core.configuration.limits.maxLine) { throw refusal }
                let group = try Name(group) { $0 == .normal }
                var names: [Name] = []
                for channel in channels { names.append(try Name(channel, where: \.isChannel)) }
                try change(local, group, names)
                local.core.carryOutEffects()
                return nil
            }
        }
    }

    func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.change("WATCH", group, [channel], answer) { (local, group, channels) throws(WireRefusal) in
            for channel in channels { try local.watch(group, channel) }
        }
    }

    func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void) {
        self.change("UNWATCH", group, [channel], answer) { (local, group, channels) throws(WireRefusal) in
            for channel in channels { local.unwatch(group, channel) }
        }
    }

    func pause(_ channel: String) {
        self.asReader(of: channel) { try? $0.hub.pause($1, $2) }
    }

    func resume(_ channel: String) {
        self.asReader(of: channel) { try? $0.hub.resume($1, $2) }
    }

    func close(_ channels: [String], done: @escaping @Sendable () -> Void) {
        for channel in channels { self.asReader(of: channel) { try? $0.hub.close($1, [$2], now: $0.now) } }
        self.onLoop { $0.outbox.put(.stopped(done)) }
    }

    /// Speaks for the listening that reads a reply or pinned channel; without one there is nothing to say.
    private func asReader(of channel: String, _ body: @escaping @Sendable (BrokerCore, PeerID, Name) -> Void) {
        self.onLoop { local in
            guard let name = Name(channel), let reader = local.reader(of: name) else { return }
            body(local.core, reader.id, name)
            local.core.carryOutEffects()
        }
    }

    func listen(
        to names: [String], terms: ListeningTerms, receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        let layer = self
        let listening = LocalListening(layer: self, eventLoop: self.brokerLoop)
        self.onLoop { local in
            do throws(LocalState.Fault) {
                listening.endpoint.value = try local.listen(names, terms, of: layer, receive, event)
            } catch {
                local.outbox.put(.event(.refused(local.refusal(error)), event))
            }
        }
        return listening
    }

    /// Runs on the broker's loop.
    func onLoop(_ body: @escaping @Sendable (LocalState) -> Void) {
        self.threads.toBroker { local in
            local.core.hub.payer = local.payer
            body(local)
        }
    }
}
