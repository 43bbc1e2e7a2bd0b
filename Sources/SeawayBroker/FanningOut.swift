import SeawayHub
import SeawayWire

/// A message to a group, to the connections of its members that have credit.
extension BrokerCore {
    /// What has become of one when its piece is over.
    enum GroupProgress {
        case over(GroupOutcome)
        case goesOn(GroupSending)
    }

    /// What one piece may take however little is left of a turn, unless the turn is over: frames of a few names each
    /// would cost everybody more.
    private static let leastPiece = 400_000

    /// The work at which a piece that begins now ends.
    var groupLimit: Int {
        let work = self.hub.work
        return self.turns.isOver(at: work) ? self.workLimit : max(self.workLimit, work + Self.leastPiece)
    }

    /// Sends a message to a group, or begins to.
    ///
    /// - Parameters:
    ///   - isWellFormed: `nil`: that is not known yet.
    ///   - limit: the work at which this piece ends.
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, toGroup group: Span<UInt8>, except: Name?, _ bounds: SendBounds?,
        isWellFormed: Bool? = nil, until limit: Int
    ) -> Result<GroupProgress, WireRefusal> {
        if self.isClosing { return .failure(.closing) }
        guard isWellFormed ?? Self.isWellFormed(body, format) else { return .failure(.payload) }
        let send = self.hub.makeGroupSend(group, except: except, bounds, size: body.count)
        let id = self.bodies.nextID
        let stored = self.hub.goOn(send, body: id, now: self.now, until: limit)
        // One more is that of the rest.
        let references = stored + (send.isOver ? 0 : 1)
        if references > 0 { self.keep(body, format, references: references) }
        self.pushFanout(group, body, format)
        if self.hub.hasCopies { self.pushCopies(body, format, group: Name(checked: group.array)) }
        self.carryOutEffects()
        guard !send.isOver else { return .success(.over(send.outcome)) }
        return .success(.goesOn(GroupSending(send, Name(checked: group.array), id, self)))
    }

    /// Answers a group send for whose body there was no memory (M1).
    func countAsFull(_ group: Name, except: Name?) -> Result<GroupOutcome, WireRefusal> {
        guard !self.isClosing else { return .failure(.closing) }
        self.counters.count(.maxMemory)
        return .success(self.hub.countAsFull(group, except: except))
    }

    /// Pushes the frames that the hub has made of it.
    func pushFanout(_ group: Span<UInt8>, _ body: Span<UInt8>, _ format: BodyFormat) {
        let frames = self.hub.fanout.frames
        guard !frames.isEmpty else { return }
        self.hub.work += frames.count * (body.count * Work.byte / 8)
        // Those of a large group leave together, with what else it is sent in this turn.
        let isUrgent = self.isUrgent
        defer { self.isUrgent = isUrgent }
        self.isUrgent = false
        let name = Name(checked: group.array)
        // Each is looked up once: with a thousand members that is a good part of the work.
        var others: [(endpoint: any Endpoint, frame: Fanout.Frame)] = []
        Self.translated(body, format, to: format) { body in
            let shared = self.shared(body, by: frames.count)
            for frame in frames {
                guard let endpoint = self.endpoint(frame.peer) else { continue }
                if endpoint.format == format {
                    self.push(group: name, body, shared, frame, to: endpoint)
                } else {
                    others.append((endpoint, frame))
                }
            }
        }
        guard let wanted = others.first?.endpoint.format else { return }
        if self.isLong(body) {
            let first = others.partition { $0.frame.peer != self.asking && $0.endpoint is Connection }
            let readings = others[first...].compactMap { self.reading(name, $0.frame, $0.endpoint) }
            if !readings.isEmpty { self.pushTranslated(body, format, to: wanted, readings) }
            others.removeSubrange(first...)
            if others.isEmpty { return }
        }
        Self.translated(body, format, to: wanted) { body in
            let shared = self.shared(body, by: others.count)
            for (endpoint, frame) in others { self.push(group: name, body, shared, frame, to: endpoint) }
        }
    }

    private func reading(_ group: Name, _ frame: Fanout.Frame, _ endpoint: any Endpoint) -> Reading? {
        guard let connection = endpoint as? Connection else { return nil }
        var names: [Name] = []
        self.hub.fanout.forEachName(of: frame) { names.append($0) }
        return (connection, group, names)
    }

    /// A large body that several get, in a buffer for all of them.
    private func shared(_ body: Span<UInt8>, by count: Int) -> SharedBody? {
        count > 1 && body.count >= SharedBody.smallest ? SharedBody(body, self.hub) : nil
    }

    @inline(__always)
    private func push(
        group: Name, _ body: Span<UInt8>, _ shared: SharedBody?, _ frame: Fanout.Frame, to endpoint: any Endpoint
    ) {
        guard let shared else {
            return endpoint.push(group: group, body: body) { write in
                self.hub.fanout.forEachName(of: frame) { write($0.bytes.span) }
            }
        }
        endpoint.push(group: group, shared: shared) { write in
            self.hub.fanout.forEachName(of: frame) { write($0.bytes.span) }
        }
    }
}

/// A message to a group that is too large for one turn: the rest of it.
final class GroupSending: LongRequest {
    private let send: GroupSend
    private let group: Name
    /// One reference to it is this one's.
    private let body: BodyID
    private let payer: PayerID

    init(_ send: GroupSend, _ group: Name, _ body: BodyID, _ core: BrokerCore) {
        self.send = send
        self.group = group
        self.body = body
        self.payer = core.hub.payer
        core.hub.hold(core.bodies[body].bytes.count, .output, by: self.payer)
    }

    func goOn(for connection: Connection) -> Progress {
        let core = connection.core
        let (group, body) = (self.group, core.bodies[self.body])
        let stored = core.hub.goOn(self.send, body: self.body, now: core.now, until: core.groupLimit)
        core.retain(self.body, count: stored)
        core.pushFanout(group.bytes.span, body.bytes.span, body.format)
        if core.hub.hasCopies { core.pushCopies(body.bytes.span, body.format, group: group) }
        core.carryOutEffects()
        guard self.send.isOver else { return .inTurn }
        self.giveUp(core)
        connection.answer(.init(.success(self.send.outcome)))
        return .over
    }

    func giveUp(_ core: BrokerCore) {
        self.send.end()
        core.hub.hold(-core.bodies[self.body].bytes.count, .output, by: self.payer)
        core.release(self.body)
    }
}
