import NIOCore
import SeawayHub
import SeawayMessage
import SeawayWire

/// Looking on without a connection, for code in this process (Y1 to Y5).
///
/// What was handed over and not yet said to be taken (``took(_:)``) is bounded: what comes meanwhile is not copied.
package final class LocalTail: Sendable {
    private let broker: Broker
    private let endpoint: NIOLoopBoundBox<TailEndpoint?>

    init(
        _ broker: Broker, _ loop: any EventLoop, _ patterns: [String], group: String?,
        events: @escaping @Sendable ([TailEvent]) -> Void
    ) {
        self.broker = broker
        let endpoint = NIOLoopBoundBox<TailEndpoint?>.makeBoxSendingValue(nil, eventLoop: loop)
        self.endpoint = endpoint
        broker.onLoop { core in
            core.readClock()
            do throws(WireRefusal) {
                var checked: [Pattern] = []
                for text in patterns {
                    guard let pattern = Pattern(text) else { throw .name(Array(text.utf8).span) }
                    checked.append(pattern)
                }
                endpoint.value = try TailEndpoint.attach(to: core, checked, group: group, events)
                events([.started])
            } catch {
                core.counters.count(error)
                events([.refused(Refusal(code: error.code.rawValue, text: error.details))])
            }
        }
    }

    /// What was handed over has been used.
    ///
    /// - Parameter bytes: of bodies.
    package func took(_ bytes: Int) {
        let endpoint = self.endpoint
        self.broker.onLoop { _ in endpoint.value?.took(bytes) }
    }

    /// Looks on no more; what was handed over still comes.
    package func stop() {
        let endpoint = self.endpoint
        self.broker.onLoop { core in
            core.readClock()
            endpoint.value?.end()
            endpoint.value = nil
        }
    }
}

/// Who looks on in this process, as the broker sees it. Lives on the broker's loop.
final class TailEndpoint: Endpoint, Gathering {
    /// Bytes of copies that are handed over and not taken; one copy may always be.
    static let mostBytes = 256 << 10

    let id: PeerID
    let format = BodyFormat.messagePack
    let clientName: String? = "seaway-admin"
    private unowned let core: BrokerCore
    private let group: Name?
    private let events: ([TailEvent]) -> Void
    private var copies: [TailEvent] = []
    /// Bytes that are gathered, or handed over and not taken.
    private var held = 0
    /// Copies that there was no room for, and that nobody was told of.
    private var missed = 0
    private var isTouched = false
    private var isOver = false

    private init(
        id: PeerID, core: BrokerCore, group: Name?, events: @escaping ([TailEvent]) -> Void
    ) {
        self.id = id
        self.core = core
        self.group = group
        self.events = events
    }

    /// - Parameter group: only what comes through it; `nil`: everything.
    static func attach(
        to core: BrokerCore, _ patterns: [Pattern], group: String?, _ events: @escaping ([TailEvent]) -> Void
    ) throws(WireRefusal) -> TailEndpoint {
        var name: Name?
        if let group { name = try Name(group) { $0 == .normal } }
        var made: TailEndpoint?
        core.attach(from: LocalState.address, token: "\(LocalState.address) seaway-admin") { id in
            let endpoint = TailEndpoint(id: id, core: core, group: name, events: events)
            made = endpoint
            return endpoint
        }
        guard let endpoint = made else { preconditionFailure("an endpoint is made when it is attached") }
        do throws(WireRefusal) {
            try core.hub.tail(endpoint.id, patterns)
        } catch {
            endpoint.end()
            throw error
        }
        return endpoint
    }

    /// It waits for whoever takes it, who is bounded by ``mostBytes``.
    var unread: Int { 0 }
    /// Nothing is written.
    let gathered = 0

    func pushCopy(group: Name?, body: Span<UInt8>, names: ArraySlice<Name>) {
        if let wanted = self.group, wanted != group { return }
        guard self.held == 0 || self.held + body.count <= Self.mostBytes else {
            self.missed += names.count
            self.core.counters.missed += names.count
            return
        }
        self.tellMissed()
        self.core.counters.copied += names.count
        self.held += body.count
        self.copies.append(
            .copy(
                Delivery(
                    channels: names.map(\.description), group: group?.description,
                    body: Payload(messagePack: body.array))))
        self.touch()
    }

    func took(_ bytes: Int) {
        self.held -= bytes
        guard !self.isOver, self.held <= Self.mostBytes / 2, self.missed > 0 else { return }
        self.tellMissed()
        self.touch()
    }

    /// Before the next copy (Y3).
    private func tellMissed() {
        guard self.missed > 0 else { return }
        self.copies.append(.missed(self.missed))
        self.missed = 0
    }

    private func touch() {
        guard !self.isTouched else { return }
        self.isTouched = true
        self.core.touch(self)
    }

    func flush() {
        self.isTouched = false
        let copies = self.copies
        self.copies = []
        self.events(copies)
    }

    func end() {
        guard !self.isOver else { return }
        self.isOver = true
        self.core.detach(self.id, endMailboxes: true)
    }

    // MARK: What nobody sends it: it listens on nothing

    func push(_ channel: Span<UInt8>, body: Span<UInt8>) {}
    func push(group: Name?, body: Span<UInt8>, names: ((Span<UInt8>) -> Void) -> Void) {}
    func pushMembers(_ verb: MembersVerb, group: Name, _ channels: [Name]) {}
    func pushLost(_ name: Name) {}
    func pushShutdown(within milliseconds: Int) {}
    func putOff() {}
    func takeTurn() {}
    func check(now: Int) {}
}
