import SeawayHub
import SeawayStore
import SeawayWire

/// Answers the requests that carry no body.
struct RequestHandler {
    /// What stands in the one frame that answers a request.
    enum Answer {
        /// `READY` and `PONG`.
        case none
        /// When this is over.
        case later(any LongRequest)
        /// When a store has answered.
        case stored(StoreRequest)
        /// With its LF.
        case line(String)
        case data([UInt8])
        case refused(WireRefusal)
    }

    private unowned let core: BrokerCore
    private let id: PeerID

    init(core: BrokerCore, id: PeerID) {
        self.core = core
        self.id = id
    }

    /// - Parameter limits: those of the connection, which stay as they are while it is there.
    func greeting(for hello: Hello, _ limits: WireLimits) -> Answer {
        let configuration = self.core.configuration
        var words = [
            "HELLO 1", "id=\(self.id)", "epoch=\(self.core.epoch)",
            "features=\(WireFeatures.names.joined(separator: ","))",
            "max-body=\(limits.maxBody)", "max-line=\(limits.maxLine)",
            "max-names=\(configuration.hub.maxNames)",
        ]
        if let name = configuration.name { words.append("name=\(name)") }
        if hello.heartbeat > 0 { words.append("heartbeat=\(hello.heartbeat)") }
        let warm = self.core.startedAt + configuration.warm - self.core.now
        if warm > 0 { words.append("warm=\(warm)") }
        return .line(words.joined(separator: " ") + "\n")
    }

    func answer(_ request: Request) -> Answer {
        do throws(WireRefusal) {
            return try self.carryOut(request)
        } catch {
            return .refused(error)
        }
    }

    /// Sends on terms (S11 to S14).
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool,
        _ bounds: SendBounds?, _ terms: SendTerms, isWellFormed: Bool?
    ) -> Answer {
        do throws(WireRefusal) {
            let isRepeated = try self.core.send(
                body, format, to: channel, form, ifHeard: ifHeard, bounds, terms, by: self.id, isWellFormed)
            let line = isRepeated ? "OK once=1\n" : "OK\n"
            if let tag = terms.acknowledges, let store = self.core.store,
                let request = self.core.acknowledging(tag, heldBy: self.id, in: store, line)
            {
                return .stored(request)
            }
            return .line(line)
        } catch {
            return .refused(error)
        }
    }

    /// Sends to a channel that a store keeps (D18).
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Span<UInt8>, in store: any MessageStore, ifHeard: Bool,
        _ bounds: SendBounds?, _ terms: SendTerms?, isWellFormed: Bool?
    ) -> Answer {
        do throws(WireRefusal) {
            return .stored(
                try self.core.send(
                    body, format, to: channel, in: store, ifHeard: ifHeard, bounds, terms, by: self.id, isWellFormed))
        } catch {
            return .refused(error)
        }
    }

    private func carryOut(_ request: Request) throws(WireRefusal) -> Answer {
        let hub = self.core.hub
        let now = self.core.now
        defer { self.core.carryOutEffects() }
        switch request {
        case .ready(let count, let name):
            hub.ready(self.id, count, name)
            return .none
        case .pong: return .none
        case .ping: return .line("PONG\n")
        case .listen(let names, let members, let acknowledged):
            let outcome = try hub.listen(
                self.id, names, wantsMembers: members, acknowledges: acknowledged, now: now)
            let line = outcome.isKept.map { "OK state=\($0 ? "kept" : "fresh")\n" } ?? "OK\n"
            if let telling = outcome.telling { return .later(AwaitedTelling(telling, line)) }
            return .line(line)
        case .unlisten(let names):
            hub.unlisten(self.id, names, now: now)
            if let ending = hub.latestEnding { return .later(Self.awaited(ending) { _ in "OK\n" }) }
        case .acknowledge(let channel, let tags):
            hub.acknowledge(tags, of: channel)
            if let store = self.core.store(of: channel),
                let request = self.core.acknowledging(tags, of: channel, in: store)
            {
                return .stored(request)
            }
        case .giveBack(let channel, let tag, let terms):
            let end = try hub.giveBack(self.id, tag, of: channel, terms, now: now)
            self.core.seeToWhatIsDue()
            if let end { return .stored(self.core.ending(end)) }
        case .hold(let channel, let tags): try hub.hold(self.id, tags, of: channel, now: now)
        case .join(let group, let channels): try hub.join(group, channels, now: now)
        case .leave(let group, let channels): hub.leave(group, channels)
        case .watch(let group, let channel): try hub.watch(self.id, group, channel, now: now)
        case .unwatch(let group, let channel): hub.unwatch(self.id, group, channel)
        case .tail(let patterns): try hub.tail(self.id, patterns)
        case .untail(let patterns): hub.untail(self.id, patterns)
        case .pause(let channel): try hub.pause(self.id, channel)
        case .resume(let channel):
            try hub.resume(self.id, channel)
            // All of it comes before the answer (P1).
            self.core.drain(self.id, wholly: true)
        case .close(let channels): try hub.close(self.id, channels, now: now)
        case .flush(let pattern):
            guard let store = self.core.store else {
                return .later(Self.awaited(hub.flush(pattern)) { $0.answer(besides: 0) })
            }
            return .later(
                AwaitedEnding(hub.flush(pattern)) {
                    $0.answer(.stored(Self.removal(of: pattern, behind: $1, in: store)))
                })
        case .members(let group, let page): return .data(Report.members(of: group, page, self.core))
        case .peek(let channel, let page):
            if let store = self.core.store(of: channel) {
                return .stored(try Report.peek(at: channel, page, self.core, in: store))
            }
            return .data(try Report.peek(at: channel, page, self.core))
        case .stats(nil, _): return .data(Report.totals(self.core))
        case .stats(.channels?, let page) where self.core.store != nil:
            if let store = self.core.store { return .stored(Report.channels(page, self.core, in: store)) }
        case .stats(let kind?, let page): return .data(Report.page(of: kind, page, self.core))
        case .end(let id, let age):
            guard id != self.id else { throw .args("QUIT ends one's own connection") }
            return .line("OK ended=\(self.core.endConnection(id, age: age) ? 1 : 0)\n")
        case .hello, .send, .groupSend, .quit: preconditionFailure("the connection handles these")
        }
        return .line("OK\n")
    }

    private static func awaited(_ ending: Ending, _ line: @escaping (Ending) -> String) -> AwaitedEnding {
        AwaitedEnding(ending) { $0.answer(.line(line($1))) }
    }

    /// What a store has is flushed behind what this broker has (D24).
    private static func removal(of pattern: Pattern?, behind ending: Ending, in store: any MessageStore) -> StoreRequest
    {
        StoreRequest(orElse: .maybe) { answer in
            store.remove(pattern) {
                switch $0 {
                case .success(let count): answer(.line(ending.answer(besides: count)))
                case .failure(let fault): answer(.refused(fault.refusal))
                }
            }
        }
    }
}

extension Ending {
    /// - Parameter others: messages that were dropped elsewhere.
    fileprivate func answer(besides others: Int) -> String {
        "OK messages=\(self.messages + others) memberships=\(self.memberships)\n"
    }
}

extension RequestHandler.Answer {
    init(_ outcome: Result<GroupOutcome, WireRefusal>) {
        switch outcome {
        case .success(let outcome):
            self = .line("OK sent=\(outcome.sent) full=\(outcome.full) gone=\(outcome.gone)\n")
        case .failure(let refusal): self = .refused(refusal)
        }
    }
}
