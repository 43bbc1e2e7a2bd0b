import SeawayWire

/// What the caller holds for peers.
package enum MemoryPart { case input, output, connections }

/// Bytes that are held for peers, by what they are for (M1).
package struct MemoryParts: Hashable, Sendable {
    /// Messages that wait.
    package var messages = 0
    /// Channels, mailboxes, groups, listenings, memberships, watches, tails and closed names.
    package var tables = 0
    package var input = 0
    package var output = 0
    package var connections = 0
}

/// Bytes that are held for peers, and who pays for them (M1, M6).
final class Ledger {
    /// Bytes that everybody may have together, and what of them one may.
    private var most: Int
    private(set) var shares: Shares
    var payers = Payers()
    /// Bytes that everything in the store takes, roughly, but for closed names.
    private(set) var memory = 0
    /// What of it is messages that wait.
    private(set) var messages = 0
    /// Bytes of closed names, which nobody pays for.
    private(set) var closed = 0
    /// What the caller holds for peers: it counts against the same limit.
    private var elsewhere = MemoryParts()
    /// Over whose share the latest was that found no memory; `nil`: there was none.
    private var overShare: ShareHolder?

    init(most: Int, shares: Shares) {
        self.most = most
        self.shares = shares
    }

    /// From now on so much may be held.
    func limit(to most: Int, _ shares: Shares) {
        self.most = most
        self.shares = shares
    }

    // MARK: What is held

    var parts: MemoryParts {
        var parts = self.elsewhere
        parts.messages = self.messages
        parts.tables = self.memory + self.closed - self.messages
        return parts
    }

    /// In all.
    var sum: Int { self.limited + self.elsewhere.connections }

    /// What counts against the limit: connections by themselves have a bound of their own.
    @inline(__always)
    var limited: Int { self.memory + self.closed + self.elsewhere.input + self.elsewhere.output }

    private var left: Int { self.most - self.limited }

    /// Whether more is held than may be, whoever holds it.
    var isOverLimit: Bool { self.left < 0 }

    /// Whether so much more may be held (M1), and be held by somebody (M6).
    func hasRoom(for bytes: Int, by payer: PayerID) -> Bool {
        let left = self.left
        self.overShare = nil
        guard bytes <= left else { return false }
        self.overShare = self.payers.over(payer, bytes, of: .memory, left: left, self.shares)
        return self.overShare == nil
    }

    /// Whether somebody holds more than its share: nothing more is to be held for it (M7).
    func isOverShare(_ payer: PayerID) -> Bool {
        self.payers.over(payer, 0, of: .memory, left: max(0, self.left), self.shares) != nil
    }

    // MARK: What begins and ends

    /// Something of the store begins or ends for a payer, with so many bytes.
    @inline(__always)
    func pay(_ bytes: Int, by payer: PayerID) {
        self.memory += bytes
        self.payers.charge(payer, bytes)
    }

    /// The same, of what nobody pays for.
    @inline(__always)
    func note(_ bytes: Int) { self.memory += bytes }

    /// A message is there, or is not any more.
    @inline(__always)
    func count(_ message: QueuedMessage, in isIn: Bool) {
        self.count(isIn ? message.cost : -message.cost, by: message.payer)
    }

    /// - Parameters:
    ///   - cost: what a message takes; below 0 when it is not there any more.
    ///   - lease: the same of its lease, which is charged with it, as it is done for each that is acknowledged.
    @inline(__always)
    func count(_ cost: Int, lease: Int = 0, by payer: PayerID) {
        self.messages += cost
        self.pay(cost + lease, by: payer)
    }

    func noteClosed(_ bytes: Int) { self.closed += bytes }

    /// What the caller holds for a peer begins or ends.
    @inline(__always)
    func hold(_ bytes: Int, _ part: MemoryPart, by payer: PayerID) {
        switch part {
        case .input: self.elsewhere.input += bytes
        case .output: self.elsewhere.output += bytes
        case .connections: self.elsewhere.connections += bytes
        }
        self.payers.charge(payer, bytes)
    }

    // MARK: What is refused

    /// Nothing more fits in the broker's memory.
    var full: WireRefusal {
        self.overShare.map { .fullShare(whose: $0, most: self.most) } ?? .full(by: .memory, most: self.most)
    }

    var noMemory: WireRefusal {
        self.overShare.map { .share(of: .memory, whose: $0, most: self.most) }
            ?? .limit(of: .memory, most: self.most, given: 0)
    }

    /// Whether somebody may have so many more of what there is.
    func checkShare(
        of resource: Resource, more: Int, used: Int, most: Int, by payer: PayerID
    ) throws(WireRefusal) {
        guard more > 0 else { return }
        let holder = self.payers.over(payer, more, of: resource, left: most - used, self.shares)
        if let holder { throw .share(of: resource.onTheWire, whose: holder, most: most) }
    }
}
