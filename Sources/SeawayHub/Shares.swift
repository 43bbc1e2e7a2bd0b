import SeawayWire

/// How much of what may be held one connection, one address and one token may have (M6).
package struct Shares: Sendable {
    /// A part of what is there, in percent.
    ///
    /// Whoever holds so much may take more only while that is, beside what is left, at most as this part beside the rest
    /// of the whole: so one alone comes to this part of all there is, several share it, and what is left shrinks ever more
    /// slowly but never to nothing.
    package struct Part: Sendable {
        /// 1 to 100; with 100 it bounds nothing.
        package var percent: Int

        package init(percent: Int) { self.percent = percent }

        @inline(__always)
        func allows(_ held: Int, _ left: Int, times: Int = 1) -> Bool {
            held * (100 - self.percent) <= self.percent * times * max(0, left)
        }
    }

    package var connection = Part(percent: 75)
    package var address = Part(percent: 94)
    package var token = Part(percent: 94)

    /// A connection that has at most this part of what is left may have it though its address or token is over its share,
    /// until that is so many times over it.
    static let little = 16
    static let timesOfLittle = 4

    /// What everybody may have as long as it is there.
    @inline(__always)
    static func least(of resource: Resource) -> Int { resource == .memory ? 1 << 20 : 64 }
}

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

extension Hub {
    // MARK: Memory

    package var memoryParts: MemoryParts {
        var parts = self.memoryElsewhere
        parts.messages = self.messageMemory
        parts.tables = self.memory + self.closed.memory - parts.messages
        return parts
    }

    /// Bytes that are held for peers in all (M1).
    package var memoryInAll: Int { self.limitedMemory + self.memoryElsewhere.connections }

    /// Those that count against `max-memory`: connections by themselves have a bound of their own.
    @inline(__always)
    package var limitedMemory: Int {
        self.memory + self.closed.memory + self.memoryElsewhere.input + self.memoryElsewhere.output
    }

    /// Whether so much more may be held (M1), and be held by whoever asks (M6).
    @inline(__always)
    func hasMemory(for bytes: Int) -> Bool { self.hasMemory(for: bytes, by: self.payer) }

    func hasMemory(for bytes: Int, by payer: PayerID) -> Bool {
        let left = self.configuration.maxMemory - self.limitedMemory
        self.overShare = nil
        guard bytes <= left else { return false }
        self.overShare = self.payers.over(payer, bytes, of: .memory, left: left, self.configuration.shares)
        return self.overShare == nil
    }

    /// Whether more is held than may be, whoever holds it.
    var isOverLimit: Bool { self.limitedMemory > self.configuration.maxMemory }

    /// Whether somebody holds more than its share of memory: nothing more is to be held for it (M7).
    package func isOverShare(_ payer: PayerID) -> Bool {
        let left = max(0, self.configuration.maxMemory - self.limitedMemory)
        return self.payers.over(payer, 0, of: .memory, left: left, self.configuration.shares) != nil
    }

    /// Something of the store begins or ends for a payer, with so many bytes.
    @inline(__always)
    func pay(_ bytes: Int, by payer: PayerID) {
        self.memory += bytes
        self.payers.charge(payer, bytes)
    }

    /// What the caller holds for a peer begins or ends.
    @inline(__always)
    package func hold(_ bytes: Int, _ part: MemoryPart, by payer: PayerID) {
        switch part {
        case .input: self.memoryElsewhere.input += bytes
        case .output: self.memoryElsewhere.output += bytes
        case .connections: self.memoryElsewhere.connections += bytes
        }
        self.payers.charge(payer, bytes)
    }

    // MARK: What is counted

    /// Whether whoever asks may have so many more of what there is.
    func checkShare(of resource: Resource, more: Int, used: Int, most: Int) throws(WireRefusal) {
        guard more > 0 else { return }
        let holder = self.payers.over(self.payer, more, of: resource, left: most - used, self.configuration.shares)
        if let holder { throw .share(of: resource.onTheWire, whose: holder, most: most) }
    }

    func checkChannels(more: Int) throws(WireRefusal) {
        try self.check(self.channels.count + more, .channels)
        try self.checkShare(
            of: .channels, more: more, used: self.channels.count, most: self.configuration.maxChannels)
    }

    func checkGroups(more: Int) throws(WireRefusal) {
        try self.check(self.groups.count + more, .groups)
        try self.checkShare(of: .groups, more: more, used: self.groups.count, most: self.configuration.maxGroups)
    }
}

extension Resource {
    fileprivate var onTheWire: WireRefusal.Resource {
        switch self {
        case .memory: .memory
        case .channels: .channels
        case .groups: .groups
        case .watches: .watches
        case .tails: .tails
        }
    }
}
