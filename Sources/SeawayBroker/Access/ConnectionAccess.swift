import SeawayWire

/// What one connection may do, and how its log-ins went (U1 to U4).
struct ConnectionAccess {
    private enum State {
        /// The broker has no tokens.
        case open
        /// No log-in has succeeded.
        case stranger
        /// A log-in has failed, which is answered only then.
        case heldBack(until: Int)
        // Elsewhere, since most connections are of brokers without tokens.
        indirect case loggedIn(Token)
    }

    /// Log-ins that may fail on one connection.
    private static let mostFailures = 3
    private var state: State
    private var failures: UInt8 = 0

    init(_ tokens: Tokens?) { self.state = tokens == nil ? .open : .stranger }

    /// Whether each request is to be asked about.
    var isLimited: Bool {
        if case .open = self.state { false } else { true }
    }

    var isStranger: Bool {
        switch self.state {
        case .stranger, .heldBack: true
        case .open, .loggedIn: false
        }
    }

    var token: Token? {
        if case .loggedIn(let token) = self.state { token } else { nil }
    }

    func allows(_ request: Request, _ line: Span<UInt8>) -> Bool {
        switch self.state {
        case .open: true
        case .stranger, .heldBack: Permissions().allow(request, line)
        case .loggedIn(let token): token.permissions.allow(request, line)
        }
    }

    func allowsSend(to channel: Span<UInt8>) -> Bool {
        switch self.state {
        case .open: true
        case .stranger, .heldBack: false
        case .loggedIn(let token): token.permissions.maySend(channel)
        }
    }

    /// Whether the sender of a message may be told there (S14).
    func allowsReport(on channel: Span<UInt8>) -> Bool {
        switch self.state {
        case .open: true
        case .stranger, .heldBack: false
        case .loggedIn(let token): token.permissions.mayBeTold(on: channel)
        }
    }

    /// - Parameter frame: in which it was found.
    func allows(_ send: PlainSendOnTerms, _ frame: Span<UInt8>) -> Bool {
        self.allowsSend(to: frame.extracting(send.channel))
            && (send.report.isEmpty || self.allowsReport(on: frame.extracting(send.report)))
    }

    func allowsListening(on channel: Span<UInt8>) -> Bool {
        switch self.state {
        case .open: true
        case .stranger, .heldBack: false
        case .loggedIn(let token): token.permissions.listen.contains { $0.matches(channel) }
        }
    }

    mutating func logIn(_ token: Token) { self.state = .loggedIn(token) }

    // MARK: Failed log-ins

    /// Nothing is read from it.
    var isHeldBack: Bool {
        if case .heldBack = self.state { true } else { false }
    }

    mutating func holdBack(until deadline: Int) {
        self.state = .heldBack(until: deadline)
        self.failures += 1
    }

    /// Whether the failed log-in is to be answered now.
    mutating func release(now: Int) -> Bool {
        guard case .heldBack(let deadline) = self.state, now >= deadline else { return false }
        self.state = .stranger
        return true
    }

    var mayTryAgain: Bool { self.failures < Self.mostFailures }
}
