import Synchronization

/// A message that its broker keeps until somebody has acknowledged it (PROTOCOL.md, D9 to D13): who has it in hand, and
/// says what becomes of it.
///
/// What is said goes to the broker that gave the message out, whatever other brokers a layer has. When the connection
/// by which it came is lost the broker gives it out again; to acknowledge it is still of use then, since no other
/// begins with it (D10), and all else is refused with `late`.
public final class HeldMessage: Sendable {
    /// What may be said of a message.
    public enum Verdict: Hashable, Sendable {
        /// It is done, and given out never again.
        case done
        /// It is to be given out again after so long, 0 to a day in whole milliseconds; `nil`: after a second, twice as
        /// long with each time, five minutes at most.
        case again(after: Duration?)
        /// It is to become a dead letter (D14), for a reason that people can read; what is over 255 bytes of it is cut
        /// off.
        case dead(String)
        /// The time for which it is held begins anew (D12).
        case held
    }

    public let channel: String
    /// What its broker calls it: 1 to 64 bytes, of no meaning.
    public let id: String
    /// How often it was given out, this time included.
    public let times: Int
    /// The connection by which it came.
    package let carrier: Carrier
    package let holder: any MessageHolder
    private let over = Atomic(false)

    /// - Parameter holder: takes what is said of it.
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
    /// - Parameter answer: called once. `refused` with `late`: the message is not held here any more, for it is done,
    ///   or given out to another.
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

    /// Says that it is done: it is given out never again when this returns. May be said twice.
    ///
    /// - Throws: ``ClientError``: refused with `late` when its broker was started anew since, and has lost it.
    public func acknowledge() async throws(ClientError) { try await self.say(.done) }

    /// Has it given out again, to whoever has credit.
    ///
    /// - Parameter delay: 0 to a day; `nil`: a second, twice as long with each time, five minutes at most.
    /// - Throws: ``ClientError``: refused with `late` when it is not held here any more.
    public func giveBack(after delay: Duration? = nil) async throws(ClientError) {
        try await self.say(.again(after: delay))
    }

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
    /// Tells the broker that gave a message out what becomes of it.
    ///
    /// - Parameter answer: called once.
    func take(
        _ verdict: HeldMessage.Verdict, of message: HeldMessage, answer: @escaping @Sendable (SendAnswer) -> Void)
}

/// What stands with a message that was given up (PROTOCOL.md, D14).
public final class DeadLetter: Hashable, Sendable {
    public enum Cause: String, Hashable, Sendable {
        /// It was given out as often as may be.
        case tries
        /// Who held it has given it up.
        case nak
    }

    public let cause: Cause
    /// How often it was given out.
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
