import SeawayHub
import SeawayWire

/// When a connection works, and how far (A6).
extension Connection {
    /// Whether more may come.
    var isRead: Bool { !self.isOverfull && !self.access.isHeldBack && self.isDue }

    /// Whether it waits neither for its turn nor for anything else.
    var isDue: Bool { !self.isPutOff && !self.isWaiting && self.translating == 0 && !self.isPendingFull }

    /// To be called before it works.
    ///
    /// - Parameter hasWorked: it was put off before.
    /// - Returns: whether it may; else it waits for its turn.
    func beginWork(hasWorked: Bool) -> Bool {
        guard self.isDue else { return false }
        let work = self.core.hub.work
        guard !self.core.turns.isOver(at: work) else {
            self.putOff(hasWorked: hasWorked)
            return false
        }
        guard self.quota.begin(at: work, share: self.core.turns.share(at: work)) else {
            self.putOff()
            return false
        }
        self.core.workLimit = self.quota.limit
        self.core.asking = self.id
        self.core.hub.payer = self.payer
        return true
    }

    /// It has worked.
    ///
    /// - Parameter hasMore: bytes are left.
    func endWork(hasMore: Bool) {
        let work = self.core.hub.work
        self.quota.end(at: work)
        if hasMore, self.isOpen, self.isRead, work >= self.quota.limit { self.putOff() }
    }

    func putOff() { self.putOff(hasWorked: true) }

    private func putOff(hasWorked: Bool) {
        guard !self.isPutOff else { return }
        self.isPutOff = true
        self.transport.setReading(false)
        self.core.putOff(self.id, hasWorked: hasWorked)
    }

    /// Says something when what ends is over, at once if it is; nothing else is done before.
    func when(_ ending: Ending?, _ say: @escaping (Connection) -> Void) {
        guard let ending else { return say(self) }
        self.begin(AwaitedEnding(ending) { connection, _ in say(connection) })
    }

    func takeTurn() {
        guard self.isPutOff else { return }
        self.isPutOff = false
        guard self.isOpen, self.beginWork(hasWorked: true) else { return }
        guard self.goOnUnderway() else { return self.endWork(hasMore: false) }
        guard self.core.drain(self.id) else { return self.endWork(hasMore: false) }
        self.goOn()
    }
}
