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
        if !hasWorked, self.quota.isGreedy(in: self.core.turns.number) {
            self.putOff()
            return false
        }
        var share = self.core.turns.share(at: work)
        if self.core.turns.isOver(at: work) {
            guard !hasWorked, self.core.turns.hasRest(at: work) else {
                self.putOff(hasWorked: hasWorked)
                return false
            }
            share = Turns.leastShare
        }
        // The rest comes behind what others ask for.
        if !hasWorked { share = min(share, Turns.much) }
        guard self.quota.begin(at: work, share: share) else {
            self.putOff()
            return false
        }
        self.core.isUrgent = !hasWorked
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
        self.quota.end(at: work, in: self.core.turns.number)
        self.core.isUrgent = false
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

    /// A piece of a large body has come: the next is read when its turn comes, since copying takes its time too.
    func awaitTurnToRead(behind bytes: Int) {
        guard bytes >= ConnectionMemory.usualRoom, self.isOpen, self.isRead, self.parser.awaited != nil else { return }
        self.putOff()
    }

    func takeTurn() {
        guard self.isPutOff else { return }
        self.isPutOff = false
        guard self.isOpen, self.beginWork(hasWorked: true) else { return }
        // What is read of a large body when this turn is over.
        if self.parser.awaited != nil { self.core.hub.work += ConnectionMemory.mostRoom * Work.byte }
        guard self.goOnUnderway() else { return self.endWork(hasMore: false) }
        guard self.core.drain(self.id) else { return self.endWork(hasMore: false) }
        self.goOn()
    }
}
