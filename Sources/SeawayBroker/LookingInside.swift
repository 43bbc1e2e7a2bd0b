package import SeawayMessage
import SeawayStore
import SeawayWire

/// Looking without a connection, for code in this process: what `STATS`, `PEEK` and `MEMBERS` answer (Q1 to Q4).
extension Broker {
    /// Asks for one page of what there is; nothing is changed by it.
    ///
    /// - Parameters:
    ///   - limit: entries of the page, 1 to 1,000 (Q1).
    ///   - after: the `next` of the page before.
    ///   - answer: called once, on the broker's loop; must not block.
    package func look(
        at look: Look, limit: Int, after: String? = nil, answer: @escaping @Sendable (LookAnswer) -> Void
    ) {
        self.onLoop { core in
            core.readClock()
            do throws(WireRefusal) {
                let page = Request.Page(limit: min(max(limit, 1), 1_000), after: after)
                let request = try look.request(page)
                Self.tell(RequestHandler(core: core, id: LocalState.holdsNothing).answer(request), core, answer)
            } catch {
                answer(.refused(Refusal(error, core)))
            }
        }
    }

    /// Ends a connection, as `END` does (Q6).
    ///
    /// - Parameters:
    ///   - age: how old it is at least, in milliseconds; numbers are used again.
    ///   - answer: called once, on the broker's loop, with whether there was one.
    package func end(connection id: Int, age: Int, answer: @escaping @Sendable (Bool) -> Void) {
        self.onLoop { core in
            core.readClock()
            answer(core.endConnection(id, age: age))
        }
    }

    private static func tell(
        _ outcome: RequestHandler.Answer, _ core: BrokerCore, _ answer: @escaping @Sendable (LookAnswer) -> Void
    ) {
        switch outcome {
        case .data(let json): answer(.data(json))
        case .refused(let refusal): answer(.refused(Refusal(refusal, core)))
        case .stored(let request):
            var isAnswered = false
            let tell: (RequestHandler.Answer) -> Void = { outcome in
                guard !isAnswered else { return }
                isAnswered = true
                core.pendingAnswers -= 1
                Self.tell(outcome, core, answer)
            }
            core.pendingAnswers += 1
            core.whenLate { tell(.refused(request.orElse ?? .maybe)) }
            request.ask(tell)
        case .none, .later, .line: preconditionFailure("who looks is answered with data")
        }
    }

    /// Whether it takes sends: it is not leaving, and what keeps its durable channels is in reach.
    ///
    /// - Parameter answer: called once, on the broker's loop, with what is not so; `nil`: nothing.
    package func readiness(_ answer: @escaping @Sendable (String?) -> Void) {
        self.onLoop { core in
            if core.isClosing { return answer("the broker is leaving") }
            guard core.store != nil else { return answer(nil) }
            switch core.storeState {
            case .connected: answer(nil)
            case .away(let why): answer("the store is away: \(why)")
            case nil: answer("the store is not connected yet")
            }
        }
    }
}

extension Refusal {
    /// It is counted as on the wire (Q4).
    fileprivate init(_ refusal: WireRefusal, _ core: BrokerCore) {
        core.counters.count(refusal)
        self.init(code: refusal.code.rawValue, text: refusal.details)
    }
}

extension Look {
    fileprivate func request(_ page: Request.Page) throws(WireRefusal) -> Request {
        switch self {
        case .totals: .stats(nil, page)
        case .channels: .stats(.channels, page)
        case .groups: .stats(.groups, page)
        case .connections: .stats(.connections, page)
        case .members(let group): .members(try Name(group) { $0 == .normal }, page)
        case .channel(let channel): .peek(try Name(channel, where: \.isChannel), page)
        }
    }
}
