import SeawayHub
import SeawayWire

/// The turns of the loop, and what waits for one (A6).
extension BrokerCore {
    /// Whether ``goOn()`` is to be called.
    package var isBehind: Bool { self.turns.count > 0 || self.hub.hasNews || self.hub.isEnding || self.hasOutput }

    /// What was done so far (``Work``).
    package var workDone: Int { self.hub.work }

    /// Who is put off goes on, as far as a turn goes.
    package func goOn() {
        self.isRoundScheduled = false
        // This turn ends below, and what is put off until then is seen to.
        self.isTurnEndScheduled = true
        self.readClock()
        self.isUrgent = false
        self.flushUrgent()
        self.turns.goOn(at: self.hub.work)
        if self.hub.isEnding {
            self.measured {
                self.hub.piece = self.turns.length / 2
                self.hub.goOnEnding(now: self.now)
                self.carryOutEffects()
            }
            self.giveBackIfDue()
        }
        self.serve()
        self.endTurn(hasServed: true)
    }

    /// Has those who wait work, as far as the turn goes; each once: who is put off again comes in the next.
    func serve() {
        guard self.turns.count > 0 else { return }
        self.measured {
            for _ in 0..<self.turns.count {
                guard !self.turns.isOver(at: self.hub.work), let id = self.turns.next() else { break }
                self.endpoint(id)?.takeTurn()
            }
        }
    }

    /// Does something, and notes how long it took.
    func measured(_ body: () -> Void) {
        let (work, time) = (self.hub.work, self.stopwatch())
        body()
        self.turns.pace.note(self.hub.work - work, took: self.stopwatch() - time)
    }

    /// Another turn begins; it comes behind whatever is ready by then.
    ///
    /// To be called at the very end of a turn: what was scheduled earlier would be due before the loop has looked for
    /// them.
    func beginNextTurn() {
        self.beginTurn()
        guard self.isBehind, !self.isRoundScheduled else { return }
        self.isRoundScheduled = true
        self.scheduleRound()
    }

    private func beginTurn() {
        self.turns.begin(at: self.hub.work, besides: (self.hub.hasNews ? 1 : 0) + (self.hub.isEnding ? 1 : 0))
    }

    /// Has an endpoint wait for its turn.
    func putOff(_ id: PeerID, hasWorked: Bool) {
        self.counters.putOff += 1
        self.turns.putOff(id, hasWorked: hasWorked)
        self.seeToTurnEnd()
    }

    /// Has the turn end, once.
    func seeToTurnEnd() {
        guard !self.isTurnEndScheduled else { return }
        self.isTurnEndScheduled = true
        self.scheduleTurnEnd()
    }

    // MARK: What leaves

    /// Has something leave when the turn ends; to be called once until then.
    func touch(_ gathering: any Gathering) {
        self.seeToTurnEnd()
        if self.isUrgent { self.urgent.append(gathering) } else { self.touched.append(gathering) }
    }

    /// Has much output leave in pieces, behind what others have gathered.
    func flushInPieces(_ connection: Connection) {
        self.seeToTurnEnd()
        self.inPieces.append(connection)
    }

    /// What those get who have asked for little leaves before anything else is done.
    func flushUrgent() {
        while let gathering = self.urgent.popFirst() { gathering.flush() }
    }

    /// Has leave what was gathered, as far as the turn goes: what is much behind the rest.
    func flushOutput() {
        self.flushUrgent()
        let end = self.turns.end(ofPartAt: self.hub.work)
        while self.hub.work < end, let gathering = self.touched.popFirst() {
            if gathering.gathered < Self.muchOutput { gathering.flush() } else { gathering.flushInPieces() }
        }
        let last = self.turns.end(ofPartAt: self.hub.work)
        // Each once: who has more to hand over comes in the next turn.
        for _ in 0..<self.inPieces.count where self.hub.work < last { self.inPieces.popFirst()?.flushPiece() }
    }

    /// What comes from within this process works as far as anybody may.
    func allowWork() { self.workLimit = self.hub.work + self.turns.share(at: self.hub.work) }

    // MARK: Messages out

    /// Pushes what waits for an endpoint as far as its credit goes, it takes it, and its turn lasts.
    ///
    /// - Parameter wholly: not put off, whatever it takes.
    /// - Returns: whether nothing is left; else it is put off.
    @discardableResult
    func drain(_ id: PeerID, wholly: Bool = false) -> Bool {
        var isDone = true
        // It may have left while what it leaves was handed on.
        while let endpoint = self.endpoint(id), self.hub.mayHaveMore(for: id) {
            guard wholly || self.hub.work < self.workLimit else {
                endpoint.putOff()
                isDone = false
                break
            }
            guard let delivery = self.hub.next(for: id, now: self.now) else { break }
            self.push(delivery, to: endpoint, mayWait: !wholly)
        }
        self.carryOutEffects()
        return isDone
    }

    func push(_ delivery: WaitingDelivery, to endpoint: any Endpoint, mayWait: Bool) {
        let body = self.bodies[delivery.body]
        let isTranslated = body.format != endpoint.format
        self.hub.work += body.bytes.count * (isTranslated ? 4 * Work.byte : Work.byte) / 4
        guard delivery.handover == nil, delivery.death == nil else {
            Self.translated(body.bytes.span, body.format, to: endpoint.format) { bytes in
                endpoint.push(delivery, body: bytes, now: self.now)
            }
            if delivery.handover == nil { self.release(delivery.body, count: delivery.names.count) }
            return
        }
        if mayWait, isTranslated, self.isLong(body.bytes.span), let connection = endpoint as? Connection {
            let reading = (connection, delivery.group, delivery.names)
            self.pushTranslated(body.bytes.span, body.format, to: endpoint.format, [reading])
            return self.release(delivery.body, count: delivery.names.count)
        }
        Self.translated(body.bytes.span, body.format, to: endpoint.format) { bytes in
            endpoint.push(group: delivery.group, body: bytes) { write in
                for name in delivery.names { write(name.bytes.span) }
            }
        }
        self.release(delivery.body, count: delivery.names.count)
    }
}
