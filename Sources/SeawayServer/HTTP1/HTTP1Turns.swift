import NIOCore

// MARK: Whose turn it is (I37), and what it holds (I35)
extension HTTP1Handler: TurnTaker {
    /// Requests that are taken in a turn of those who send one behind the other.
    static let quantum = 4

    /// Something has come: the first request in it waits for nobody.
    func bytesCame(_ count: Int) {
        if !self.isInLine { self.credit = max(self.credit, 1) }
        self.readTurn.noteRead(count)
        self.unparsed += count
    }

    /// Whether another request may begin now; otherwise its turn comes.
    func mayBegin() -> Bool {
        if self.credit > 0 { return true }
        guard !self.isInLine else { return false }
        self.isInLine = !self.core.input.ask(self)
        if !self.isInLine { self.credit = Self.quantum }
        return !self.isInLine
    }

    /// Whether more may be read now; otherwise the turn for that comes.
    func isTurnToRead() -> Bool { self.readTurn.isNow(for: self, in: self.core.reads) }

    func takeTurn(_ kind: TurnKind) {
        switch kind {
        case .reads: self.readTurn.comes()
        case .input:
            self.isInLine = false
            self.credit = Self.quantum
        }
        guard self.context != nil else { return }
        self.goOnReading()
    }

    // MARK: What is held

    /// A part that was parsed takes about so much.
    private static let bytesOfPart = 512

    func countInput() {
        let bytes =
            self.pipelined.size + self.held.count * Self.bytesOfPart
            + (self.intake.isBetweenRequests ? self.unparsed : 0)
        if bytes != self.memory.bytes(of: .input) { self.memory.set(.input, to: bytes) }
    }

    /// What was handed to the channel and has not left.
    func countOutput() {
        guard let channel = self.context?.channel else { return }
        self.memory.set(.output, to: self.core.outgoing(channel).held)
    }

    /// Looks at what the client has taken.
    ///
    /// - Returns: whether something waits for it still.
    @discardableResult func lookAtOutput(at now: Moment) -> Bool {
        guard self.output.isOpen, let channel = self.context?.channel else { return false }
        let outgoing = self.core.outgoing(channel)
        self.memory.set(.output, to: outgoing.held)
        self.output.look(outgoing, at: now)
        return self.output.isOpen
    }

    func countAnswers() {
        if self.exchanges.waitingBytes != self.memory.bytes(of: .answers) {
            self.memory.set(.answers, to: self.exchanges.waitingBytes)
        }
    }
}

// MARK: Its place (I34)
extension HTTP1Handler {
    var use: ConnectionUse {
        guard self.exchanges.isEmpty, self.socket == nil, self.waitingUpgrade == nil, self.isBetweenRequests,
            !self.intake.isStopped, !self.lookAtOutput(at: self.core.now)
        else { return .busy }
        return self.clock.use
    }

    func giveWay() { self.abort(.left) }
}
