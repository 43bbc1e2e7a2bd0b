import SeawayWire

/// What one connection may do, and how its log-ins went (U1 to U4).
struct ConnectionAccess {
    private enum State {
        /// The broker has no tokens.
        case open
        /// No log-in has succeeded.
        case stranger
        case loggedIn(Token)
    }

    /// Log-ins that may fail on one connection.
    private static let mostFailures = 3
    private var state: State
    private var failures = 0
    /// When the failed log-in is answered.
    private var heldBackUntil: Int?
    /// Whether each request is to be asked about; stands by itself, since it is looked at for every message.
    let isLimited: Bool

    init(_ tokens: Tokens?) {
        self.isLimited = tokens != nil
        self.state = tokens == nil ? .open : .stranger
    }

    var isStranger: Bool {
        if case .stranger = self.state { true } else { false }
    }

    var token: Token? {
        if case .loggedIn(let token) = self.state { token } else { nil }
    }

    func allows(_ request: Request, _ line: Span<UInt8>) -> Bool {
        switch self.state {
        case .open: true
        case .stranger: Permissions().allow(request, line)
        case .loggedIn(let token): token.permissions.allow(request, line)
        }
    }

    func allowsSend(to channel: Span<UInt8>) -> Bool {
        switch self.state {
        case .open: true
        case .stranger: false
        case .loggedIn(let token): token.permissions.maySend(channel)
        }
    }

    mutating func logIn(_ token: Token) { self.state = .loggedIn(token) }

    // MARK: Failed log-ins

    /// Nothing is read from it.
    var isHeldBack: Bool { self.heldBackUntil != nil }

    mutating func holdBack(until deadline: Int) {
        self.heldBackUntil = deadline
        self.failures += 1
    }

    /// Whether the failed log-in is to be answered now.
    mutating func release(now: Int) -> Bool {
        guard let deadline = self.heldBackUntil, now >= deadline else { return false }
        self.heldBackUntil = nil
        return true
    }

    var mayTryAgain: Bool { self.failures < Self.mostFailures }
}
