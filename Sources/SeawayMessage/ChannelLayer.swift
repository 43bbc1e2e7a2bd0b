/// What keeps channels and groups, whether in this process or behind a wire.
///
/// Everything may be called from any thread and returns at once. Answers and deliveries come as calls of the closures
/// that were given, all of one layer on one thread, in the order of the protocol; a closure must not block. What is
/// called on that very thread takes effect without a thread change, so a server that shares the layer's thread pays for
/// none.
///
/// - SeeAlso: protocol/PROTOCOL.md, sections 4 and 6.
public protocol ChannelLayer: Sendable {
    /// Puts one message on a channel.
    ///
    /// - Parameters:
    ///   - body: one message, at most the layer's `max-body` (2 MiB) in MessagePack.
    ///   - channel: a normal, reply or pinned channel (1 to 255 bytes).
    ///   - ifHeard: only if somebody listens there; else refused with `away` (S3).
    ///   - stream: a reply channel to whose messages this one belongs: of several brokers it goes to the one that they
    ///     go to, and so behind them, though its own channel is a normal one (SHARDING.md, B7). Other layers have one
    ///     order for all and ignore it.
    ///   - bounds: in place of the channel's own rules, for this message (S8, S9).
    ///   - terms: when it comes, which of several counts, what is acknowledged with it (S11 to S13).
    ///   - answer: called once. `stored`, `refused` (nothing was stored), or `unknown`: the connection broke before the
    ///     answer.
    func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, bounds: MessageBounds?,
        terms: MessageTerms?, answer: @escaping @Sendable (SendAnswer) -> Void
    )

    /// Puts one message on a channel, and tells by which connection it went: for who waits for an answer to it, which
    /// may be lost with that (``ListeningEvent/forsaken(_:)``).
    ///
    /// - Parameters:
    ///   - body: one message, at most the layer's `max-body` (2 MiB) in MessagePack.
    ///   - channel: a normal, reply or pinned channel (1 to 255 bytes).
    ///   - ifHeard: only if somebody listens there; else refused with `away` (S3).
    ///   - stream: a reply channel to whose messages this one belongs, if any.
    ///   - answer: called once, as that of ``send(_:to:ifHeard:stream:bounds:terms:answer:)``; the carrier is valid
    ///     with `done` only.
    func sendCarried(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    )

    /// Puts one message on a channel, and has its sender told if it will not be processed: lost with its holder, given
    /// up, or waiting where nobody listens (S14).
    ///
    /// - Parameters:
    ///   - body: one message, at most the layer's `max-body` (2 MiB) in MessagePack.
    ///   - channel: a normal channel.
    ///   - ifHeard: only if somebody listens there; else refused with `away` (S3).
    ///   - stream: a reply channel to whose messages this one belongs, if any.
    ///   - report: where that is told, by a message that the broker makes.
    ///   - answer: as that of ``sendCarried(_:to:ifHeard:stream:answer:)``.
    func sendReported(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, report: ReportTerms,
        answer: @escaping @Sendable (SendAnswer, Carrier) -> Void
    )

    /// Sends one message to every member of a group that has room.
    ///
    /// - Parameters:
    ///   - body: one message, at most the layer's `max-body` (2 MiB) in MessagePack.
    ///   - group: 1 to 255 bytes; one without members is sent to nobody.
    ///   - except: a member that is left out.
    ///   - bounds: in place of each member's own rules, for this message (G3).
    ///   - answer: called once: how many members it was sent to, how many had no room, how many had ended.
    func send(
        _ body: Payload, toGroup group: String, except: String?, bounds: MessageBounds?,
        answer: @escaping @Sendable (GroupAnswer) -> Void
    )

    /// Takes part in reading the named channels; a name that ends in `!` is a mailbox.
    ///
    /// The layer keeps listening, through lost connections and brokers that come back, until ``Listening/stop(_:)``.
    /// Nothing is delivered before ``Listening/ready(_:)`` grants credit.
    ///
    /// - Parameters:
    ///   - names: 1 to 1,024 names. All of them share the credit of this listening.
    ///   - terms: which of them are acknowledged: their deliveries have a ``HeldMessage``. A broker lets one connection
    ///     hold 1,000 at a time (D15), all listenings of this layer together.
    ///   - receive: called for each delivery; each costs one credit.
    ///   - event: called for what happens to the listening itself.
    func listen(
        to names: [String], terms: ListeningTerms,
        receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening

    /// Makes channels members of a group; in force when `answer` is called with `done`.
    func join(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void)

    /// Ends memberships; leaving a group one is not in succeeds.
    func leave(_ group: String, _ channels: [String], answer: @escaping @Sendable (SendAnswer) -> Void)

    /// Has a channel told who joins and leaves a group, by messages that ``GroupNews`` reads (T1 to T6).
    ///
    /// The first is a snapshot of all members; whoever reads the channel gets them. The layer goes on watching through
    /// lost connections and brokers that come back: a snapshot comes again then. A watch is not bound to who asked:
    /// several layers that watch a group on the same channel make one. It ends with ``unwatch(_:on:answer:)``, with the
    /// last layer that has asked, and when the channel is closed.
    ///
    /// - Parameters:
    ///   - group: a group, whether it has members or not.
    ///   - channel: a normal, reply or pinned channel.
    ///   - answer: `done`, `refused`, or `unknown`: then it is not in force, ask again.
    func watch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void)

    /// Ends ``watch(_:on:answer:)``; what waits on the channel still comes.
    func unwatch(_ group: String, on channel: String, answer: @escaping @Sendable (SendAnswer) -> Void)

    /// Holds back one reply or pinned channel that this layer reads, so that its senders get `full` (P1).
    func pause(_ channel: String)

    /// Ends ``pause(_:)``.
    func resume(_ channel: String)

    /// Says that reply channels that this layer reads are over (C1): their memberships, queue and pause end, later
    /// senders are refused with `gone`.
    ///
    /// - Parameters:
    ///   - channels: reply or pinned channels of which this layer is the reader.
    ///   - done: called once, when every broker in reach has answered. One that does not is given up as any silent one
    ///     is, so this takes no longer than that; one that is out of reach is not waited for.
    func close(_ channels: [String], done: @escaping @Sendable () -> Void)

    /// Whether a broker is in reach now. A send while it is not answers `refused(.unreachable)` after the layer's
    /// connect patience.
    var isConnected: Bool { get }
}

extension ChannelLayer {
    /// Takes part in reading the named channels, of which none is acknowledged.
    public func listen(
        to names: [String],
        receive: @escaping @Sendable (Delivery) -> Void,
        event: @escaping @Sendable (ListeningEvent) -> Void
    ) -> any Listening {
        self.listen(to: names, terms: .none, receive: receive, event: event)
    }

    /// Puts one message on a channel, on no terms of its own.
    public func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?, bounds: MessageBounds?,
        answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.send(body, to: channel, ifHeard: ifHeard, stream: stream, bounds: bounds, terms: nil, answer: answer)
    }

    /// Puts one message on a channel, by the channel's own rules.
    public func send(
        _ body: Payload, to channel: String, ifHeard: Bool, stream: String?,
        answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.send(body, to: channel, ifHeard: ifHeard, stream: stream, bounds: nil, terms: nil, answer: answer)
    }

    /// Sends one message to every member of a group that has room, by each member's own rules.
    public func send(
        _ body: Payload, toGroup group: String, except: String?, answer: @escaping @Sendable (GroupAnswer) -> Void
    ) {
        self.send(body, toGroup: group, except: except, bounds: nil, answer: answer)
    }

    /// Puts one message on a channel; it belongs to no stream.
    public func send(
        _ body: Payload, to channel: String, ifHeard: Bool, answer: @escaping @Sendable (SendAnswer) -> Void
    ) {
        self.send(body, to: channel, ifHeard: ifHeard, stream: nil, answer: answer)
    }

    /// Says that reply channels are over, and waits for nothing.
    public func close(_ channels: [String]) { self.close(channels) {} }
}

/// One part taken in reading channels; ends with ``stop(_:)``.
public protocol Listening: AnyObject, Sendable {
    /// Grants `count` more deliveries. Credit that was not used when a connection is lost is granted again on the next
    /// one.
    func ready(_ count: Int)

    /// Takes nothing more: withdraws the credit and stops listening; `done` is called when nothing more will be
    /// delivered.
    ///
    /// A mailbox's messages and memberships end with it (L6).
    func stop(_ done: @escaping @Sendable () -> Void)
}

/// One message, for one or several of the channels that are listened on.
public struct Delivery: Sendable {
    /// Full names, at least one; several only when the message came through a group.
    public var channels: [String]
    /// The group through which it came.
    public var group: String?
    public var body: Payload
    /// What it is acknowledged by, where it is to be; then it is for one channel.
    public var held: HeldMessage?
    /// Why it was given up, where it is a dead letter.
    public var deadLetter: DeadLetter?

    public init(
        channels: [String], group: String? = nil, body: Payload, held: HeldMessage? = nil,
        deadLetter: DeadLetter? = nil
    ) {
        self.channels = channels
        self.group = group
        self.body = body
        self.held = held
        self.deadLetter = deadLetter
    }
}

/// What became of a request to the layer.
public enum SendAnswer: Hashable, Sendable {
    /// Stored or handed to a listener; for join, leave and watch: in force.
    case done
    /// Nothing was stored or changed.
    case refused(Refusal)
    /// The connection broke before the answer, or the store of that durable channel has not answered: stored or not.
    case unknown
}

/// What became of a group send.
public enum GroupAnswer: Hashable, Sendable {
    /// Members that got it or will, that had no room, and that were found ended.
    case sent(Int, full: Int, gone: Int)
    case refused(Refusal)
    case unknown
}

/// Why nothing was stored or changed.
public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The fixed word of PROTOCOL.md, section 3 (`full`, `gone`, …), or `unreachable` when no broker could be asked.
    public var code: String
    /// For people; may change at any time.
    public var text: String

    public init(code: String, text: String = "") {
        self.code = code
        self.text = text
    }

    public var description: String { self.text.isEmpty ? self.code : "\(self.code): \(self.text)" }

    public var isFull: Bool { self.code == "full" }
    public var isGone: Bool { self.code == "gone" }
    public var isAway: Bool { self.code == "away" }
    public var isUnreachable: Bool { self.code == "unreachable" }
}

/// What happens to a listening besides deliveries.
public enum ListeningEvent: Hashable, Sendable {
    /// Listening is in force; `kept` is false when the broker holds no memberships of the mailbox (any more): join
    /// again.
    case started(kept: Bool)
    /// The connection was lost; the layer tries to listen again by itself.
    case interrupted
    /// One of several brokers was lost, with what it held; the listening goes on over the others.
    case weakened
    /// A connection was lost, and the failover time has passed since the broker was heard on it: what went by it, and
    /// was not answered by now, is not to be waited for any more.
    case forsaken(Carrier)
    /// Another reader has taken the mailbox over; this listening is over.
    case lost(name: String)
    /// The layer refused; this listening is over.
    case refused(Refusal)
}
