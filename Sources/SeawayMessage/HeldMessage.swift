import Synchronization

/// A message that its broker keeps until it is acknowledged (PROTOCOL.md, D9 to D13), as its holder has it.
///
/// A verdict goes to the broker that delivered the message, whatever other brokers a layer has. When the connection by
/// which it came is lost the broker delivers it again; to acknowledge it is still of use then, since no other listener
/// begins with it (D10), and all else is refused with `late`.
public final class HeldMessage: Sendable {
    /// What may be said of a message.
    public enum Verdict: Hashable, Sendable {
        /// It is done, and never delivered again.
        case done
        /// It is to be delivered again after so long, 0 to a day in whole milliseconds; `nil`: after a second, twice as
        /// long with each time, five minutes at most.
        case again(after: Duration?)
        /// Nobody has begun with it: it is to be delivered again at once, and this time does not count (``times``).
        case unbegun
        /// It is to become a dead letter (D14), for a reason that people can read; what is over 255 bytes of it is cut
        /// off.
        case dead(String)
        /// The time for which it is held begins anew (D12).
        case held
    }

    public let channel: String
    /// Its broker's identifier of it: 1 to 64 bytes, opaque.
    public let id: String
    /// How often it was delivered, this time included.
    public let times: Int
    /// The connection by which it came.
    package let carrier: Carrier
    package let holder: any MessageHolder
    private let over = Atomic(false)

    /// - Parameters:
    ///   - channel: the channel on which it came.
    ///   - id: its broker's identifier of it: 1 to 64 bytes.
    ///   - times: how often it was delivered, this time included.
    ///   - carrier: the connection by which it came.
    ///   - holder: takes the verdict on it.
    public init(
        channel: String, id: String, times: Int, carrier: Carrier = Carrier(), holder: any MessageHolder
    ) {
        self.channel = channel
        self.id = id
        self.times = times
        self.carrier = carrier
        self.holder = holder
    }

    /// Whether it was acknowledged or given back, as far as is known here.
    public var isOver: Bool { self.over.load(ordering: .relaxed) }

    /// It is acknowledged with something else that was sent (S13).
    package func end() { self.over.store(true, ordering: .relaxed) }

    /// Says what becomes of it.
    ///
    /// - Parameters:
    ///   - verdict: what becomes of it.
    ///   - answer: called once. `refused` with `late`: the message is not held here any more, for it is done, or
    ///     delivered to another.
    public func say(_ verdict: Verdict, answer: @escaping @Sendable (SendAnswer) -> Void) {
        if verdict != .held { self.end() }
        self.holder.take(verdict, of: self, answer: answer)
    }

    private func say(_ verdict: Verdict) async throws(ClientError) {
        let answer = await withCheckedContinuation { continuation in
            self.say(verdict) { continuation.resume(returning: $0) }
        }
        try answer.get(for: self.channel)
    }

    /// Acknowledges it: it is never delivered again once this returns. May be called twice.
    ///
    /// - Throws: ``ClientError``: refused with `late` when its broker has restarted since, and has lost it.
    public func acknowledge() async throws(ClientError) { try await self.say(.done) }

    /// Gives it back: it is delivered again, to whichever listener has credit.
    ///
    /// - Parameter delay: 0 to a day; `nil`: a second, twice as long with each time, five minutes at most.
    /// - Throws: ``ClientError``: refused with `late` when it is not held here any more.
    public func giveBack(after delay: Duration? = nil) async throws(ClientError) {
        try await self.say(.again(after: delay))
    }

    /// Has it delivered again at once, since nobody has begun with it: this time does not count (``times``).
    ///
    /// - Throws: ``ClientError``: refused with `late` when it is not held here any more.
    public func giveBackUnbegun() async throws(ClientError) { try await self.say(.unbegun) }

    /// Gives it up: it becomes a dead letter on its channel and `.dead`, with the reason.
    ///
    /// - Throws: ``ClientError``: refused with `late` when it is not held here any more.
    public func dead(_ reason: String = "") async throws(ClientError) { try await self.say(.dead(reason)) }

    /// Has the time begin anew for which it is held; a layer does so by itself unless told otherwise.
    ///
    /// - Throws: ``ClientError``: refused with `late` when it is not held here any more.
    public func hold() async throws(ClientError) { try await self.say(.held) }
}

/// A layer's side of a ``HeldMessage``.
public protocol MessageHolder: AnyObject, Sendable {
    /// Tells the broker that delivered a message what becomes of it.
    ///
    /// - Parameters:
    ///   - verdict: what becomes of it.
    ///   - message: the message, which this holder has delivered.
    ///   - answer: called once.
    func take(
        _ verdict: HeldMessage.Verdict, of message: HeldMessage, answer: @escaping @Sendable (SendAnswer) -> Void)
}

/// What stands with a message that was given up (PROTOCOL.md, D14).
public final class DeadLetter: Hashable, Sendable {
    public enum Cause: String, Hashable, Sendable {
        /// It was delivered as often as its channel's `tries` allow.
        case tries
        /// Who held it has given it up.
        case nak
    }

    public let cause: Cause
    /// How often it was delivered.
    public let tries: Int
    /// How long ago it was given up, when it was delivered.
    public let age: Duration
    /// For people; `nil` where none was given.
    public let reason: String?

    public init(cause: Cause, tries: Int, age: Duration, reason: String? = nil) {
        self.cause = cause
        self.tries = tries
        self.age = age
        self.reason = reason
    }

    public static func == (left: DeadLetter, right: DeadLetter) -> Bool {
        (left.cause, left.tries, left.age, left.reason) == (right.cause, right.tries, right.age, right.reason)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.cause)
        hasher.combine(self.tries)
        hasher.combine(self.age)
        hasher.combine(self.reason)
    }
}
