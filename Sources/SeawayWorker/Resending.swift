import SeawayMessage

/// How long to wait before something is sent again, and when to give up.
struct Resending: Sendable {
    private static let first = Duration.milliseconds(5)
    private static let most = Duration.milliseconds(250)

    private var left: Duration
    private var wait = Self.first

    /// - Parameter patience: how long may be waited in all.
    init(patience: Duration) { self.left = patience }

    /// - Returns: `nil` when the patience is used up.
    mutating func next() -> Duration? {
        guard self.left > .zero else { return nil }
        defer {
            self.left -= self.wait
            self.wait = min(self.wait * 2, Self.most)
        }
        return self.wait
    }
}

extension ClientError {
    /// Nothing was stored, and the same may be taken a little later.
    var isPassing: Bool {
        switch self.code {
        case .full, .away, .closing, .store, .unreachable: true
        default: false
        }
    }
}
