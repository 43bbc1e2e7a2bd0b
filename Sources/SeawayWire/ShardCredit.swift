/// Shares the credit of one listening among brokers (SHARDING.md, B13).
///
/// Each has one credit at least as long as any is left, so that more may come than was granted: that is held back by
/// the caller. When all credit is used up, what brokers have left is withdrawn, so that nothing waits here that another
/// client could take.
package struct ShardCredit: Sendable {
    /// What a broker is to be told.
    package enum Change: Hashable, Sendable {
        case grant(Int, to: Int)
        case withdraw(from: Int)
    }

    /// Granted by the listener and not used.
    package private(set) var left = 0
    private var listening = ShardSet()
    private var atBroker: [Int]

    /// - Parameter count: brokers.
    package init(count: Int) { self.atBroker = Array(repeating: 0, count: count) }

    package mutating func grant(_ count: Int) { self.left = min(self.left + max(count, 0), Request.mostCredit) }

    /// A broker has pushed a message.
    package mutating func arrived(from broker: Int) {
        if self.atBroker[broker] > 0 { self.atBroker[broker] -= 1 }
    }

    /// Takes the credit of one message that is handed to the listener.
    ///
    /// - Returns: false when there is none: the message is to be held back.
    package mutating func use() -> Bool {
        guard self.left > 0 else { return false }
        self.left -= 1
        return true
    }

    /// A broker has answered `LISTEN`; it has no credit yet.
    package mutating func came(_ broker: Int) {
        self.listening.insert(broker)
        self.atBroker[broker] = 0
    }

    package mutating func went(_ broker: Int) {
        self.listening.remove(broker)
        self.atBroker[broker] = 0
    }

    /// What brokers are to be told now; to be asked for when something has changed.
    package mutating func balance() -> [Change] {
        guard !self.listening.isEmpty else { return [] }
        return self.left == 0 ? self.withdrawAll() : self.share()
    }

    private mutating func withdrawAll() -> [Change] {
        var changes: [Change] = []
        for broker in self.listening where self.atBroker[broker] > 0 {
            self.atBroker[broker] = 0
            changes.append(.withdraw(from: broker))
        }
        return changes
    }

    /// Gives what is spare to those that have least; whoever has none gets some of the richest one's.
    private mutating func share() -> [Change] {
        var changes: [Change] = []
        if self.spare <= 0, self.listening.contains(where: { self.atBroker[$0] == 0 }),
            let richest = self.listening.max(by: { self.atBroker[$0] < self.atBroker[$1] }), self.atBroker[richest] > 1
        {
            self.atBroker[richest] = 0
            changes.append(.withdraw(from: richest))
        }
        if self.spare > 0 { changes += self.fillUp(by: self.spare) }
        for broker in self.listening where self.atBroker[broker] == 0 { changes.append(self.give(1, to: broker)) }
        return changes
    }

    private var spare: Int { self.left - self.listening.reduce(0) { $0 + self.atBroker[$1] } }

    private mutating func fillUp(by spare: Int) -> [Change] {
        var poorest = self.listening.sorted { self.atBroker[$0] < self.atBroker[$1] }
        var sum = poorest.reduce(spare) { $0 + self.atBroker[$1] }
        while let richest = poorest.last, self.atBroker[richest] > sum / poorest.count {
            sum -= self.atBroker[richest]
            poorest.removeLast()
        }
        let (level, rest) = sum.quotientAndRemainder(dividingBy: poorest.count)
        var changes: [Change] = []
        for (index, broker) in poorest.enumerated() {
            let count = level + (index < rest ? 1 : 0) - self.atBroker[broker]
            if count > 0 { changes.append(self.give(count, to: broker)) }
        }
        return changes
    }

    private mutating func give(_ count: Int, to broker: Int) -> Change {
        self.atBroker[broker] += count
        return .grant(count, to: broker)
    }
}
