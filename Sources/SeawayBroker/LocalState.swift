import SeawayHub
import SeawayMessage
import SeawayWire

/// What an in-process layer is doing. Lives on the broker's loop.
final class LocalState {
    /// Why a listening cannot begin.
    enum Fault: Error {
        case refused(WireRefusal)
        /// Another listening of this layer has the name.
        case taken(String)
        /// A connection of the wire has one credit account besides those of single names (R1, R2).
        case secondShared
    }

    /// The number of no connection.
    static let holdsNothing: PeerID = -1
    /// Of all that is in this process, as no connection has it.
    static let address = "inside"

    unowned let core: BrokerCore
    /// Who pays for what the layer asks for; each of its listenings has an account of its own (M6).
    let payer: PayerID
    let clientName: String
    let outbox: LocalOutbox
    /// Who reads which name.
    private var readers: [String: LocalEndpoint] = [:]
    /// Who holds the watches, as long as there are any.
    private var watcher: LocalEndpoint?

    /// - Parameter handOver: has calls run where the layer is.
    init(core: BrokerCore, clientName: String, handOver: @escaping ([LocalOutbox.Call]) -> Void) {
        self.core = core
        self.clientName = clientName
        self.payer = core.hub.openAccount(from: Self.address, token: "\(Self.address) \(clientName)")
        self.outbox = LocalOutbox(core: core, handOver: handOver)
    }

    // MARK: Answers

    /// - Parameter carryOut: what a store is to be asked first; `nil`: nothing.
    func answer(
        _ answer: @escaping @Sendable (SendAnswer) -> Void, _ carryOut: () throws(WireRefusal) -> StoreRequest?
    ) {
        do throws(WireRefusal) {
            guard let request = try carryOut() else { return self.outbox.put(.answer(.done, answer)) }
            self.ask(request, answer)
        } catch {
            self.outbox.put(.answer(.refused(self.refusal(error)), answer))
        }
    }

    /// Asks a store; what it holds meanwhile counts, and it has its time as on the wire (A2).
    private func ask(_ request: StoreRequest, _ answer: @escaping @Sendable (SendAnswer) -> Void) {
        let payer = self.payer
        let (core, outbox) = (self.core, self.outbox)
        core.hub.hold(request.held, .output, by: payer)
        core.pendingAnswers += 1
        var isAnswered = false
        let tell: (RequestHandler.Answer) -> Void = { [weak self] outcome in
            guard !isAnswered else { return }
            isAnswered = true
            core.readClock()
            core.hub.hold(-request.held, .output, by: payer)
            core.pendingAnswers -= 1
            if case .refused(let refusal) = outcome {
                let told = self?.refusal(refusal) ?? Refusal(code: refusal.code.rawValue, text: refusal.details)
                outbox.put(.answer(refusal == .maybe ? .unknown : .refused(told), answer))
            } else {
                outbox.put(.answer(.done, answer))
            }
        }
        core.whenLate { tell(request.orElse.map { .refused($0) } ?? .line("OK\n")) }
        request.ask(tell)
    }

    /// What a caller is told; it is counted as on the wire (Q4).
    func refusal(_ refusal: WireRefusal) -> Refusal {
        self.core.counters.count(refusal)
        return Refusal(code: refusal.code.rawValue, text: refusal.details)
    }

    func refusal(_ fault: Fault) -> Refusal {
        switch fault {
        case .refused(let refusal): self.refusal(refusal)
        case .taken(let name): Refusal(code: "limit", text: "\(name) is listened on already")
        case .secondShared: Refusal(code: "limit", text: "one listening on several names for each layer")
        }
    }

    // MARK: Sends

    func checkSize(of body: Payload) throws(WireRefusal) {
        let limit = self.core.configuration.limits.maxBody
        guard body.count <= limit else { throw .size(limit: limit, given: body.count) }
    }

    func send(
        _ body: Payload, toGroup group: String, except: String?, _ bounds: MessageBounds?
    ) throws(WireRefusal) -> GroupOutcome {
        let name = Array(group.utf8)
        guard NameForm(name.span) == .normal else { throw .name(name.span) }
        var exception: Name?
        if let except { exception = try Name(except, where: \.isChannel) }
        let bounds = try SendBounds(bounds)
        try self.checkSize(of: body)
        // Whole, however many members it has: nothing else of this process may come before the rest of it.
        let progress = try self.core.send(
            body.messagePack.span, .messagePack, toGroup: name.span, except: exception, bounds, until: .max
        ).get()
        switch progress {
        case .over(let outcome): return outcome
        case .goesOn: preconditionFailure("a send without a limit has no rest")
        }
    }

    // MARK: Listening

    func listen(
        _ names: [String], _ terms: ListeningTerms, of layer: InProcessLayer,
        _ receive: @escaping @Sendable (Delivery) -> Void, _ event: @escaping @Sendable (ListeningEvent) -> Void
    ) throws(Fault) -> LocalEndpoint {
        let checked = try self.check(names)
        let endpoint = self.attach { id in
            LocalEndpoint(
                id: id, local: self, names: names, holder: LocalHolder(layer: layer, id: id),
                holds: terms.hold != nil, receive: receive, event: event)
        }
        do throws(WireRefusal) {
            let outcome = try self.listen(endpoint.id, checked, terms.acknowledged(of: names, isKnown: true))
            for name in names { self.readers[name] = endpoint }
            // First, since somebody who loses a name to it may leave others to another listening of this layer.
            endpoint.tell(.started(kept: outcome.isKept ?? true))
            self.core.carryOutEffects()
            return endpoint
        } catch {
            endpoint.end()
            throw .refused(error)
        }
    }

    private func listen(
        _ id: PeerID, _ names: [Name], _ acknowledged: Set<String>
    ) throws(WireRefusal) -> Hub.ListenOutcome {
        let hub = self.core.hub
        guard !acknowledged.isEmpty else {
            return try hub.listen(id, names, wantsMembers: false, now: self.core.now)
        }
        var shares: (plain: [Name], acknowledged: [Name]) = ([], [])
        for name in names {
            if acknowledged.contains(name.description) {
                guard name.mayBeAcknowledged else { throw .option("only normal channels are acknowledged") }
                shares.acknowledged.append(name)
            } else {
                shares.plain.append(name)
            }
        }
        let outcome = try hub.listen(
            id, shares.acknowledged, wantsMembers: false, acknowledges: true, now: self.core.now)
        if shares.plain.isEmpty { return outcome }
        return try hub.listen(id, shares.plain, wantsMembers: false, now: self.core.now)
    }

    private func check(_ names: [String]) throws(Fault) -> [Name] {
        guard !names.isEmpty else { throw .refused(.args("no names to listen on")) }
        let checked = names.compactMap(Name.init)
        if let bad = names.first(where: { Name($0) == nil }) { throw .refused(.name(Array(bad.utf8).span)) }
        if let name = names.first(where: { self.readers[$0] != nil }) { throw .taken(name) }
        let count = self.readers.count + self.watches + Set(names).count
        let most = self.core.configuration.hub.maxNames
        guard count <= most else { throw .refused(.limit(of: .names, most: most, given: count)) }
        if names.count > 1, self.readers.values.contains(where: { $0.names.count > 1 }) { throw .secondShared }
        return checked
    }

    private func attach(_ make: (PeerID) -> LocalEndpoint) -> LocalEndpoint {
        var made: LocalEndpoint?
        self.core.attach(from: Self.address, token: "\(Self.address) \(self.clientName)") { id in
            let endpoint = make(id)
            made = endpoint
            return endpoint
        }
        guard let endpoint = made else { preconditionFailure("an endpoint is made when it is attached") }
        return endpoint
    }

    /// The listening is over: its names are free.
    func forget(_ endpoint: LocalEndpoint) {
        for name in endpoint.names where self.readers[name] === endpoint { self.readers[name] = nil }
        if self.watcher === endpoint { self.watcher = nil }
    }

    /// Who reads a reply or pinned channel.
    func reader(of name: Name) -> LocalEndpoint? {
        switch NameForm(name.bytes.span) {
        case .pinned: self.readers[name.description]
        case .reply(let length):
            self.readers[name.description] ?? self.readers[String(decoding: name.bytes[..<length], as: UTF8.self)]
        case .normal, .mailbox, nil: nil
        }
    }

    // MARK: Watching

    private var watches: Int { self.watcher.map { self.core.hub.listening(of: $0.id).names } ?? 0 }

    func watch(_ group: Name, _ channel: Name) throws(WireRefusal) {
        let watcher =
            self.watcher
            ?? self.attach { LocalEndpoint(id: $0, local: self, names: [], receive: { _ in }, event: { _ in }) }
        self.watcher = watcher
        defer { self.endIfIdle(watcher) }
        try self.core.hub.watch(watcher.id, group, channel, besides: self.readers.count, now: self.core.now)
    }

    func unwatch(_ group: Name, _ channel: Name) {
        guard let watcher = self.watcher else { return }
        self.core.hub.unwatch(watcher.id, group, channel)
        self.endIfIdle(watcher)
    }

    private func endIfIdle(_ watcher: LocalEndpoint) {
        if self.core.hub.listening(of: watcher.id).names == 0 { watcher.end() }
    }
}

extension ReportRequest {
    /// - Parameter form: of the message's own channel.
    init(_ report: ReportTerms, of form: NameForm) throws(WireRefusal) {
        self.init(
            to: try Name(report.channel) { $0.isReply }, patience: report.patience, times: report.times,
            note: report.note)
        try self.check(of: form)
    }
}

extension SendBounds {
    /// - Parameter bounds: `nil`: the channel's own rules hold.
    init?(_ bounds: MessageBounds?) throws(WireRefusal) {
        guard let bounds else { return nil }
        try self.init(
            bounds.capacities.map { ($0.pattern, $0.messages) }, expiry: bounds.expiryInMilliseconds)
    }
}
