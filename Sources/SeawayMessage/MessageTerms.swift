/// What the sender of a message asks for besides its bounds (PROTOCOL.md, S11 to S13).
///
/// A broker whose features lack what is asked for refuses with `unknown`; values that make no sense are refused with
/// `option`. Nothing is sent then.
public struct MessageTerms: Sendable {
    /// How long the message waits before it may be delivered, 1 ms to a day, in whole milliseconds.
    public var delay: Duration?
    /// 1 to 64 bytes of `A–Z a–z 0–9 . _ -`: of several messages to a channel with the same key only the first is
    /// taken, for the broker's `once-window` (two minutes); the others are answered with `done` too. So what became
    /// unknown may be sent again.
    public var once: String?
    /// What is acknowledged together with it, when it is taken. An answer so acknowledges what it answers, in one frame
    /// where it goes the same way, else behind it.
    public var acknowledging: HeldMessage?

    public init(delay: Duration? = nil, once: String? = nil, acknowledging: HeldMessage? = nil) {
        self.delay = delay
        self.once = once
        self.acknowledging = acknowledging
    }

    /// What is less than a millisecond is 0, which no broker takes.
    package var delayInMilliseconds: Int? { self.delay?.wireMilliseconds }
}

/// How a listening is made.
public struct ListeningTerms: Hashable, Sendable {
    /// Names whose messages are to be acknowledged (L8): normal channels of at most 250 bytes, or such as end in
    /// `.dead`. Where the broker does not know that, the listening is refused with `unknown`.
    public var acknowledged: Set<String>
    /// Names of which that holds where the broker knows it; elsewhere, and where it is no name for it, they are
    /// listened on as others are.
    public var acknowledgedIfKnown: Set<String>
    /// The broker's `hold`, how long a message may be held without a word (D13): at a third of it the layer says by
    /// itself that it is held still. `nil`: it never does.
    public var hold: Duration?

    public init(
        acknowledged: Set<String> = [], acknowledgedIfKnown: Set<String> = [], hold: Duration? = .seconds(600)
    ) {
        self.acknowledged = acknowledged
        self.acknowledgedIfKnown = acknowledgedIfKnown
        self.hold = hold
    }

    package static let none = ListeningTerms()

    /// Milliseconds between two times that a message is held anew.
    package var holdInterval: Int? { self.hold.map { max(1, $0.wireMilliseconds / 3) } }

    /// Of these names, those whose messages are to be acknowledged.
    package func acknowledged(of names: [String], isKnown: Bool) -> Set<String> {
        self.acknowledged.union(isKnown ? self.acknowledgedIfKnown.filter(Self.mayBeAcknowledged) : [])
            .intersection(names)
    }

    /// L8.
    private static func mayBeAcknowledged(_ name: String) -> Bool {
        !name.utf8.contains { $0 == UInt8(ascii: "!") || $0 == UInt8(ascii: "?") }
            && (name.utf8.count <= 250 || name.hasSuffix(".dead"))
    }
}

extension Duration {
    /// Whole milliseconds, of what is far beyond anything a broker takes no more than can be calculated with.
    package var wireMilliseconds: Int {
        let (seconds, attoseconds) = self.components
        return Int(min(max(seconds, -1), 1_000_000)) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
