import DequeModule
import Foundation
import SeawayHub
import SeawayMessage
package import SeawayStore
import SeawayWire

/// The broker without sockets: the store, the bodies, and those who take part.
///
/// Lives on one event loop. What one turn of the loop produces is gathered and leaves at the turn's end.
package final class BrokerCore {
    var configuration: BrokerConfiguration
    let hub: Hub
    private(set) var bodies = BodyStore()
    private var endpoints: [(any Endpoint)?] = []
    private(set) var endpointCount = 0
    /// Connections that were not told `BYE` (M3).
    var openConnections = 0
    /// Whose places others may get.
    var strangers = Strangers()
    var lingering = Strangers()
    /// Those with something gathered, those of them who get it first, and those with much of it.
    var touched = Line<any Gathering>()
    var urgent = Line<any Gathering>()
    var inPieces = Line<Connection>()
    /// From so many bytes on it is much.
    static let muchOutput = 65_536
    /// Whoever works now has asked for little, and what it brings leaves first.
    var isUrgent = false
    /// Whether somebody's output is still to be written.
    var hasOutput: Bool { self.touched.count > 0 || self.inPieces.count > 0 }
    private let clock: () -> Int
    /// Sees to it that ``endTurn()`` is called behind all that is ready now.
    package var scheduleTurnEnd: () -> Void = {}
    /// Sees to it that ``goOn()`` is called when whoever is ready by then has had a turn.
    package var scheduleRound: () -> Void = {}
    /// Nanoseconds that this thread has worked; stands still where nobody measures.
    package var stopwatch: () -> Int = { 0 }
    /// Has the allocator give back what was freed.
    package var giveMemoryBack: () -> Void = {}
    private var trim = MemoryTrim()
    /// Sees to it that ``giveOutDue()`` is called in so many milliseconds.
    package var scheduleWake: (Int) -> Void = { _ in }
    /// When it will be called, as far as is known.
    var wakesAt: Int?
    /// Milliseconds between two calls of ``check()``, at most.
    package static let checkInterval = 100
    var isRoundScheduled = false
    var isTurnEndScheduled = false
    var turns = Turns()
    /// Whose requests are carried out: what they push to itself stands before their answers (A2), and waits for
    /// nothing.
    var asking: PeerID?
    package let workshop = Workshop()
    /// The work (``Hub/work``) at which whoever works now is to stop.
    var workLimit = Turns.longest
    var life = Life.open
    let wish = ReportWish()
    /// Who waits for the end.
    var waitingForEnd: [() -> Void] = []
    var counters = BrokerCounters()
    /// `nil`: whoever is there may do everything (U1).
    var tokens: Tokens?
    var loginDelays: LoginDelays
    /// What keeps durable channels (D17), and how it is, as far as is known.
    let store: (any MessageStore)?
    var storeState: StoreState?
    /// Told of each change.
    package var noteStore: (StoreState) -> Void = { _ in }
    /// Answers that wait for it, or stand behind one that does.
    var pendingAnswers = 0
    /// What is said by code in this process when a store takes too long, and when.
    var storeDeadlines: Deque<(at: Int, call: () -> Void)> = []
    /// Milliseconds since 1970.
    package var wallClock: () -> Int = { Int(Date().timeIntervalSince1970 * 1_000) }
    /// Random, by start (H2).
    let epoch: String
    let startedAt: Int

    /// - Parameters:
    ///   - clock: milliseconds that never go back.
    ///   - store: keeps durable channels; to be started by the caller.
    package init(
        configuration: BrokerConfiguration, clock: @escaping () -> Int, store: (any MessageStore)? = nil
    ) {
        self.configuration = configuration
        self.hub = Hub(configuration: configuration.hub)
        self.hub.piece = Turns.longest / 2
        self.tokens = configuration.tokens
        self.loginDelays = LoginDelays(most: configuration.loginDelay)
        self.clock = clock
        self.epoch = RandomWord.make(length: 12)
        self.now = clock()
        self.startedAt = self.now
        self.store = store
        guard let store else { return }
        store.user = self
        self.hub.isKeptInStore = { store.keeps($0) }
        self.hub.confirmPatience = configuration.storePatience
        self.hub.onDemand { [unowned self] in self.seeToTurnEnd() }
    }

    /// Milliseconds; as read when the event came that is being handled.
    private(set) var now: Int

    /// To be called when an event comes.
    func readClock() { self.now = self.clock() }

    /// New sends are refused (X2).
    var isClosing: Bool {
        if case .open = self.life { false } else { true }
    }

    // MARK: Endpoints

    /// - Parameters:
    ///   - address: where it comes from.
    ///   - token: whose it is from its beginning.
    func attach(from address: String, token: String = "", _ make: (PeerID) -> any Endpoint) {
        let id = self.hub.connect(from: address, token: token)
        if id == self.endpoints.count { self.endpoints.append(nil) }
        self.endpoints[id] = make(id)
        self.endpointCount += 1
    }

    /// Takes a connection of the wire in; one too many, or too late, is told so and ended (M3).
    /// - Parameter awaitsHandshake: of TLS; ``Connection/handshakeCompleted()`` tells of its end (U8).
    package func connect(_ transport: any Transport, awaitsHandshake: Bool = false) -> Connection {
        self.readClock()
        if !self.isClosing { self.makePlace() }
        let isOneTooMany = self.openConnections >= self.configuration.maxConnections
        self.openConnections += 1
        var made: Connection?
        let address = Self.client(at: transport.host)
        self.attach(from: address) { id in
            let connection = Connection(id: id, core: self, transport: transport)
            if awaitsHandshake { connection.deadlines.awaitHandshake() }
            made = connection
            return connection
        }
        guard let connection = made else { preconditionFailure("an endpoint is made when it is attached") }
        self.counters.accepted += 1
        self.hub.work += Work.connection
        self.hub.hold(ConnectionMemory.connection, .connections, by: 0)
        self.strangers.insert(connection.id, from: address)
        if self.isClosing {
            connection.end(.shutdown)
        } else if isOneTooMany {
            connection.end(
                .limit, "max-connections is \(self.configuration.maxConnections)", for: .maxConnections)
        }
        return connection
    }

    /// A connection's place is free, though it may still be reading why it ends.
    func connectionEnded(_ id: PeerID) {
        self.openConnections -= 1
        self.strangers.remove(id)
        self.lingering.insert(id, from: "")
    }

    /// Forgets an endpoint that is over.
    func detach(_ id: PeerID, endMailboxes: Bool) {
        self.strangers.remove(id)
        self.lingering.remove(id)
        self.hub.payer = 0
        self.hub.disconnect(id, endMailboxes: endMailboxes, now: self.now)
        self.endpoints[id] = nil
        self.endpointCount -= 1
        self.carryOutEffects()
        if case .ending = self.life, self.endpointCount == 0 { self.leave() }
    }

    func stopListening(_ id: PeerID, endMailboxes: Bool, keepingHeld: Bool = false) {
        self.hub.stopListening(id, endMailboxes: endMailboxes, keepingHeld: keepingHeld, now: self.now)
        self.carryOutEffects()
    }

    var allEndpoints: [any Endpoint] { self.endpoints.compactMap(\.self) }

    /// Beyond every number that somebody has.
    var mostEndpoints: Int { self.endpoints.count }

    func endpoint(_ id: PeerID) -> (any Endpoint)? { self.endpoints[id] }

    /// Tells watchers what has changed, and sends what was gathered; what that makes deliverable too.
    package func endTurn() { self.endTurn(hasServed: false) }

    func endTurn(hasServed: Bool) {
        // Until it has ended.
        self.isTurnEndScheduled = true
        self.isUrgent = false
        // Else they have their turn soon, and no two in one.
        if !hasServed, !self.isRoundScheduled, self.turns.count > 0, !self.turns.isOver(at: self.hub.work) {
            self.flushUrgent()
            self.serve()
        }
        repeat {
            if self.hub.hasNews {
                self.measured {
                    self.tellSenders()
                    self.tellWatchers()
                }
            }
            self.flushOutput()
        } while !self.turns.isOver(at: self.hub.work) && (self.touched.count > 0 || self.hub.hasNews)
        self.tellDemands()
        self.endIfDone()
        self.isTurnEndScheduled = false
        self.beginNextTurn()
    }

    // MARK: Messages in

    /// Puts a message on a channel, in the order of refusals of A4.
    ///
    /// - Parameter isWellFormed: `nil`: that is not known yet.
    @inline(__always)
    func send(
        _ body: Span<UInt8>, _ format: BodyFormat, to channel: Span<UInt8>, _ form: NameForm, ifHeard: Bool,
        _ bounds: SendBounds? = nil, _ isWellFormed: Bool? = nil
    ) -> WireRefusal? {
        if self.isClosing, !self.takesAnswer(channel, form) { return .closing }
        guard isWellFormed ?? Self.isWellFormed(body, format) else { return .payload }
        let outcome = self.hub.send(
            to: channel, form, ifHeard: ifHeard, bounds, body: self.bodies.nextID, size: body.count, now: self.now)
        if let refusal = self.carryOut(outcome, body, format, channel) { return refusal }
        if self.hub.hasCopies { self.pushCopies(body, format, group: nil) }
        if self.hub.hasEffects { self.carryOutEffects() }
        return nil
    }

    /// Keeps a body, or pushes it, as the store has said.
    @inline(__always)
    func carryOut(
        _ outcome: SendOutcome, _ body: Span<UInt8>, _ format: BodyFormat, _ channel: Span<UInt8>
    ) -> WireRefusal? {
        switch outcome {
        case .handed(let id): self.push(channel, body, format, to: id)
        case .held(let id, let handover):
            self.keep(body, format, references: 1)
            self.push(channel, body, format, handover, to: id)
        case .stored: self.keep(body, format, references: 1)
        case .refused(let refusal): return refusal
        }
        return nil
    }

    /// Whether a broker that leaves takes it: what belongs to an exchange under way goes where one reader waits (X2).
    func takesAnswer(_ channel: Span<UInt8>, _ form: NameForm) -> Bool {
        guard case .draining = self.life, form != .normal else { return false }
        return self.hub.isHeard(channel, form)
    }

    @inline(__always)
    static func isWellFormed(_ body: Span<UInt8>, _ format: BodyFormat) -> Bool {
        switch format {
        case .messagePack: BodyCheck.isMessagePackMap(body)
        case .json: BodyCheck.isJSONMap(body)
        }
    }

    /// Keeps a body as it is, with one reference.
    func insert(_ body: Span<UInt8>, _ format: BodyFormat) { self.bodies.insert(body, format, references: 1) }

    func keep(_ body: Span<UInt8>, _ format: BodyFormat, references: Int) {
        guard format == .json, let line = JSONLine(body) else {
            return self.bodies.insert(body, format, references: references)
        }
        self.bodies.insert(line.bytes.span, format, references: references)
    }

    // MARK: Messages out

    func push(_ channel: Span<UInt8>, _ body: Span<UInt8>, _ format: BodyFormat, to id: PeerID) {
        guard let endpoint = self.endpoints[id] else { return }
        if endpoint.format != format, self.isLong(body), id != self.asking, let connection = endpoint as? Connection {
            self.pushTranslated(body, format, to: endpoint.format, [(connection, nil, [Name(checked: channel.array)])])
        } else if endpoint.format == format, format == .messagePack {
            endpoint.push(channel, body: body)
        } else {
            Self.translated(body, format, to: endpoint.format) { endpoint.push(channel, body: $0) }
        }
    }

    func retain(_ body: BodyID, count: Int) { self.bodies.retain(body, count: count) }

    func release(_ body: BodyID, count: Int = 1) { self.bodies.release(body, count: count) }

    /// The body in a reader's format (V10, V11).
    static func translated(
        _ body: Span<UInt8>, _ format: BodyFormat, to wanted: BodyFormat, _ use: (Span<UInt8>) -> Void
    ) {
        switch (format, wanted) {
        case (.messagePack, .messagePack): use(body)
        case (.messagePack, .json): use(Translation.json(fromMessagePack: body).span)
        case (.json, .messagePack): use(Translation.messagePack(fromJSON: body).span)
        case (.json, .json):
            if let line = JSONLine(body) { use(line.bytes.span) } else { use(body) }
        }
    }

    // MARK: Effects

    /// Pushes what else follows from a request, before it is answered.
    func carryOutEffects() {
        self.hub.takeReleased { self.bodies.release($0) }
        guard self.hub.hasEffects else { return }
        var effects = self.hub.takeEffects()
        for effect in effects {
            switch effect {
            case .joined(let id, let group, let names): self.endpoints[id]?.pushMembers(.joined, group: group, names)
            case .left(let id, let group, let names): self.endpoints[id]?.pushMembers(.left, group: group, names)
            case .lost(let id, let name): self.endpoints[id]?.pushLost(name)
            case .deliverable(let id): self.drain(id)
            case .news: self.seeToTurnEnd()
            case .giveBack, .giveUp, .finish, .confirm: self.tellStore(effect)
            }
        }
        self.hub.reuse(&effects)
    }

    /// Bytes that count against `max-memory` (M1).
    package var memoryHeld: Int { self.hub.limitedMemory }

    /// Drops all messages and memberships, as `FLUSH` does.
    package func clear() {
        _ = self.hub.flush(nil)
        while self.hub.isEnding { self.hub.goOnEnding(now: self.now) }
        self.carryOutEffects()
    }

    // MARK: Time

    /// Looks after everything that has a deadline; to be called a few times a second.
    package func check() {
        self.readClock()
        self.hub.payer = 0
        let now = self.now
        self.hub.wake(now: now)
        self.carryOutEffects()
        self.seeToWhatIsDue()
        for endpoint in self.allEndpoints { endpoint.check(now: now) }
        while let deadline = self.storeDeadlines.first, deadline.at <= now {
            self.storeDeadlines.removeFirst().call()
        }
        self.endTurn()
        self.giveBackIfDue()
        self.endInTime()
    }

    /// Has the allocator give back what was freed, when it is time.
    func giveBackIfDue() {
        guard self.trim.isDue(at: self.hub.memoryInAll, now: self.now) else { return }
        let start = self.stopwatch()
        self.giveMemoryBack()
        self.trim.note(took: (self.stopwatch() - start) / 1_000, now: self.now)
    }
}
