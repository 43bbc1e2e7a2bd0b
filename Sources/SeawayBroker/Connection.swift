package import NIOCore
import SeawayHub
import SeawayMessage
import SeawayNIO
import SeawayWire

/// One connection of the wire: bytes in, frames out.
package final class Connection {
    enum State {
        case open
        /// The peer has ended its side, or `QUIT` or `BYE` was said: input is thrown away until it closes too.
        ///
        /// It has until then to take something of what is left to send.
        case ending(until: Int, unread: Int)
        case closed
    }

    let id: PeerID
    let core: BrokerCore
    let transport: any Transport
    /// Who pays for what it holds (M6).
    let payer: PayerID
    private(set) var state = State.open
    var isOpen: Bool {
        if case .open = self.state { true } else { false }
    }
    private(set) var parser: FrameParser
    var session = ServerSession()
    /// As agreed in `HELLO`.
    var format = BodyFormat.json
    var clientName: String?
    /// What has come and is not yet a whole frame.
    private var input: ByteBuffer?
    /// What is gathered until the turn ends.
    var output = GatheredOutput()
    /// Bytes that were gathered in the last turn.
    var usualOutput = 0
    /// What the transport held when last asked: asking it for each push would cost too much.
    var inTransport = 0
    var isTouched = false
    /// So much is gathered that it leaves in pieces, in turn with that of others.
    var flushesInPieces = false
    var isOverfull = false
    /// So much is unread since the peer does not take it, and not only until its turn comes.
    var isStuck = false
    /// Copies that it was not shown, and not told of (Y3).
    var missed = 0
    /// How far it may work, and whether it waits for its turn.
    var quota = Quota()
    var isPutOff = false
    /// What takes more than one turn, and whether it waits for something else than that.
    var underway: (any LongRequest)?
    var isWaiting = false
    /// Bytes of a body that is being translated for it.
    var translating = 0
    private(set) var peerHasEnded = false
    private var outputHasEnded = false
    var deadlines: ConnectionDeadlines
    var memory = ConnectionMemory()
    /// Memberships of which it could not be told yet (D8).
    var memberships = MembersBacklog()
    var access: ConnectionAccess
    /// Nothing has come from it.
    var isSilent = true
    /// Answers that wait for a store; whether there are any, and as many as may be (M9).
    var pending = PendingAnswers()
    var isPending = false
    var isPendingFull = false

    /// Its client is told of them when it comes: others may hold for those that come later.
    let limits: WireLimits

    init(id: PeerID, core: BrokerCore, transport: any Transport) {
        self.id = id
        self.limits = core.configuration.limits
        self.core = core
        self.transport = transport
        self.payer = core.hub.payer(of: id)
        self.parser = FrameParser(limits: self.limits)
        self.access = ConnectionAccess(core.tokens)
        self.deadlines = ConnectionDeadlines(awaitsLogin: core.tokens != nil, now: core.now)
    }

    var requests: RequestHandler { RequestHandler(core: self.core, id: self.id) }
    var unread: Int { self.gathered + self.translating + self.transport.unsent }
    var address: String? { self.transport.address }
    var connectedAt: Int? { self.deadlines.connectedAt }
    var gathered: Int { self.output.readableBytes }
    /// What is gathered, without bodies that others get too.
    var ownOutput: Int { self.output.ownBytes }
    /// The transport takes nothing more at once.
    var isFull: Bool { self.inTransport > 0 }

    // MARK: Input

    /// Bytes have come.
    package func receive(_ bytes: inout ByteBuffer) {
        guard case .open = self.state else { return }
        self.core.readClock()
        self.deadlines.peerWasHeard(at: self.core.now)
        self.noteRoom(of: bytes)
        if self.isSilent { self.hasSpoken() }
        let mayWork = self.beginWork(hasWorked: false)
        let count = bytes.readableBytes
        defer { self.awaitTurnToRead(behind: count) }
        if var input = self.input {
            self.input = nil
            input.writeBuffer(&bytes)
            self.process(&input, isOwn: true, mayWork)
        } else {
            self.process(&bytes, isOwn: false, mayWork)
        }
    }

    /// The peer has ended its side (F13).
    package func receiveEnd() {
        // One that is ending anyway closes behind what is left to send.
        guard case .open = self.state else { return }
        self.core.readClock()
        self.peerHasEnded = true
        self.core.stopListening(self.id, endMailboxes: false, keepingHeld: true)
        guard self.isRead, !self.isPending else { return }
        self.finishInput()
    }

    func finishInput() {
        self.core.stopListening(self.id, endMailboxes: false)
        self.endOutput()
    }

    /// The connection is gone.
    package func receiveClosed() {
        if case .closed = self.state { return }
        self.core.readClock()
        if case .open = self.state { self.core.connectionEnded(self.id) }
        self.state = .closed
        self.output = GatheredOutput()
        self.dropPending()
        self.releaseMemory()
        self.giveUpUnderway()
        self.core.detach(self.id, endMailboxes: false)
    }

    /// - Parameters:
    ///   - isOwn: the buffer is the one that was kept.
    ///   - mayWork: its turn has come; else the bytes are kept.
    private func process(_ bytes: inout ByteBuffer, isOwn: Bool, _ mayWork: Bool) {
        guard mayWork else { return self.keep(bytes, isOwn: isOwn) }
        // What is complete now must not count twice, as input and as what becomes of it.
        if self.memory.input > 0 { self.hold(0) }
        do throws(StreamError) {
            try self.parse(&bytes)
            self.endWork(hasMore: bytes.readableBytes > 0)
            self.keep(bytes, isOwn: isOwn)
        } catch {
            self.end(error.reason, error.text)
        }
    }

    private func parse(_ bytes: inout ByteBuffer) throws(StreamError) {
        while case .open = self.state, !self.isOverfull, !self.isPendingFull, !self.access.isHeldBack,
            self.core.hub.work < self.core.workLimit
        {
            if self.parser.isAtFrameStart, let length = self.handlePlain(bytes.readableBytesUInt8Span) {
                self.core.hub.work &+= length &+ Work.frame
                bytes.moveReaderIndex(forwardBy: length)
                continue
            }
            switch try self.parser.step(bytes.readableBytesUInt8Span) {
            case .frame(let shape) where self.isTooMuch(shape):
                self.core.hub.work += Work.frame
                self.discard(bytes.readableBytesUInt8Span, shape)
                bytes.moveReaderIndex(forwardBy: shape.length)
                try self.carryOut(self.session.judgeDiscarded())
            case .frame(let shape):
                self.core.hub.work += shape.length * Work.byte + Work.frame
                try self.handle(bytes.readableBytesUInt8Span, shape)
                bytes.moveReaderIndex(forwardBy: shape.length)
            case .tooLarge(let shape):
                self.discard(bytes.readableBytesUInt8Span, shape)
                bytes.moveReaderIndex(forwardBy: shape.length)
            case .discard(let count): bytes.moveReaderIndex(forwardBy: count)
            case .discarded: try self.carryOut(self.session.judgeDiscarded())
            case .needMoreBytes:
                // A large body without room is refused from its line alone or while it comes (M1), a stranger's always
                // (U3).
                guard let awaited = self.parser.awaited,
                    self.access.isStranger || !self.core.hub.hasRoom(for: awaited.length)
                else { return }
                self.parser.refuseAwaited()
            }
        }
    }

    /// Whether there is no memory for a large body whoever may get it (M1): what a reader does not take is held too.
    private func isTooMuch(_ shape: FrameShape) -> Bool {
        guard shape.length >= SharedBody.smallest, !self.access.isStranger else { return false }
        // JSON is up to so many times as long as the same in MessagePack.
        return !self.core.hub.hasRoom(for: self.format == .messagePack ? 6 * shape.length : shape.length)
    }

    private func discard(_ bytes: Span<UInt8>, _ shape: FrameShape) {
        let limit = self.limits.maxBody
        let given = shape.isByHand ? 0 : shape.body.count
        let isTooLarge = shape.isByHand || given > limit
        let line = bytes.extracting(..<shape.lineLength)
        // Not in the call itself: the session must not look at the connection while it changes.
        let access = self.access
        let reason = isTooLarge ? .size(limit: limit, given: given) : self.core.hub.isFull
        self.session.discard(line, shape, reason: reason) { access.allows($0, line) }
    }

    /// Carries out the frame if it is one of those that are found in one pass.
    ///
    /// - Returns: its length.
    @inline(__always)
    private func handlePlain(_ bytes: Span<UInt8>) -> Int? {
        if let length = self.handlePlainSend(bytes) { return length }
        if let length = self.handlePlainAcknowledgement(bytes) { return length }
        return self.handlePlainSendOnTerms(bytes)
    }

    /// Carries out the frame if it is a plain `SEND`.
    ///
    /// - Returns: its length.
    @inline(__always)
    private func handlePlainSend(_ bytes: Span<UInt8>) -> Int? {
        guard let send = PlainSend(bytes, limits: self.limits), send.length < Workshop.smallest
        else { return nil }
        self.session.trust()
        self.take(bytes.extracting(send.body), self.format, to: bytes.extracting(send.channel), send.form)
        return send.length
    }

    private func handle(_ bytes: Span<UInt8>, _ shape: FrameShape) throws(StreamError) {
        let line = bytes.extracting(..<shape.lineLength)
        let body = bytes.extracting(shape.body)
        let verdict = self.session.judge(line, shape)
        guard case .request(let request) = verdict else { return try self.carryOut(verdict) }
        let format = shape.isByHand ? .json : self.format
        if case .send(let channel, let form, let ifHeard, let bounds, let terms) = request {
            return self.take(body, format, to: line.extracting(channel), form, ifHeard: ifHeard, bounds, terms)
        }
        guard self.access.allows(request, line) else { return self.refuse(.denied) }
        switch request {
        case .groupSend(let group, let except, let bounds):
            self.sendChecked(body, format, toGroup: line.extracting(group), except: except, bounds)
        case .hello(let hello): self.greet(hello)
        case .quit:
            self.core.stopListening(self.id, endMailboxes: true)
            self.when(self.core.hub.latestEnding) {
                $0.sayLast {
                    $0.gather { $0.writeLine("OK\n") }
                    $0.endOutput()
                }
            }
        default: self.answer(self.requests.answer(request))
        }
    }

    private func carryOut(_ verdict: ServerSession.Verdict) throws(StreamError) {
        switch verdict {
        case .request: preconditionFailure("a request is handled where its bytes are")
        case .countAsFull(let group, let except): self.answer(.init(self.core.countAsFull(group, except: except)))
        case .refuse(let refusal): self.refuse(refusal)
        case .refuseAndEnd(let refusal):
            self.refuse(refusal)
            throw .firstFrame
        case .end(let error): throw error
        }
    }

    /// Keeps what is not yet a whole frame, in a buffer of its own size; what only waits for its turn as it came.
    private func keep(_ bytes: ByteBuffer, isOwn: Bool) {
        guard case .open = self.state else { return self.hold(0) }
        if bytes.readableBytes > 0, !self.isDue || (isOwn && bytes.readerIndex == 0) {
            self.input = bytes
        } else if bytes.readableBytes > 0 {
            var rest = ByteBuffer()
            rest.reserveCapacity(self.parser.awaited?.length ?? bytes.readableBytes)
            rest.writeImmutableBuffer(bytes)
            self.input = rest
        }
        let isInside = self.parser.isInsideFrame(hasBytes: bytes.readableBytes > 0) && self.isRead
        self.deadlines.frame(isInside: isInside, now: self.core.now)
        self.hold(self.isPutOff && bytes.readableBytes > 0 ? bytes.storageCapacity : bytes.readableBytes)
    }

    // MARK: Output

    /// Appends to the output, and blocks further pushes when it grows too long (D6).
    @inline(__always)
    func gather(_ write: (inout ByteBuffer) -> Void) {
        if case .closed = self.state { return }
        if !self.isTouched {
            self.isTouched = true
            self.core.touch(self)
            // About what the last turn took: growing byte by byte would copy again and again.
            self.output.last.reserveCapacity(self.usualOutput)
        }
        write(&self.output.last)
        self.lookAtOutput()
    }

    func flush() {
        self.isTouched = false
        self.askTransport()
        if self.inTransport == 0 { self.handOver() }
        self.account()
        guard self.inTransport > 0 || self.output.readableBytes == 0 else { return self.flushInPieces() }
        if self.isOverfull { self.noteStuck() }
        guard self.inTransport == 0 else {
            // What does not read gives way when memory is short, or its share of it is (M7).
            if self.core.hub.isOverShare(self.payer) { self.block() }
            return
        }
        guard case .ending = self.state else {
            // It was held back only until its turn came.
            if self.isOverfull { self.noteTaken() }
            return
        }
        guard !self.outputHasEnded else { return }
        self.outputHasEnded = true
        self.transport.endOutput()
    }

    /// The peer has taken output.
    package func outputWasTaken() {
        if case .closed = self.state { return }
        self.core.readClock()
        guard self.gathered < BrokerCore.muchOutput else { return self.flushInPieces() }
        self.flush()
        self.noteTaken()
    }

    /// Goes on when little enough is unread.
    func noteTaken() {
        let waiting = self.output.readableBytes + self.inTransport
        guard self.isOverfull, self.translating == 0, waiting <= self.core.configuration.maxUnread / 2 else { return }
        self.isOverfull = false
        self.isStuck = false
        self.deadlines.output(isOverfull: false, unread: 0, now: self.core.now)
        self.core.hub.setBlocked(self.id, false)
        guard case .open = self.state else { return }
        self.tellMissed()
        self.tellMemberships()
        self.isWaiting = false
        guard !self.isOverfull, self.beginWork(hasWorked: true), self.goOnUnderway(), self.core.drain(self.id) else {
            return
        }
        self.goOn()
    }

    /// Handles what has come meanwhile, and reads again; to be called in its turn.
    func goOn() {
        if var input = self.input {
            self.input = nil
            self.process(&input, isOwn: true, true)
        }
        guard case .open = self.state, self.isRead else { return }
        if !self.peerHasEnded { return self.transport.setReading(true) }
        if !self.isPending { self.finishInput() }
    }

    // MARK: The end

    func end() {
        guard case .open = self.state else { return }
        self.endOutput()
    }

    /// Says why, and ends the connection; a bound that it has met is counted.
    func end(_ reason: EndReason, _ text: String = "", for bound: Bound? = nil) {
        guard case .open = self.state else { return }
        self.core.counters.count(reason, for: bound)
        self.core.stopListening(self.id, endMailboxes: false)
        self.gather { $0.writeString(text.isEmpty ? "BYE \(reason.rawValue)\n" : "BYE \(reason.rawValue) \(text)\n") }
        self.endOutput()
    }

    /// Closes behind what is left to send; input is thrown away meanwhile, so that the peer can read it.
    private func endOutput() {
        if case .open = self.state { self.core.connectionEnded(self.id) }
        self.state = .ending(until: self.core.now + self.core.configuration.lingerTimeout, unread: self.unread)
        self.input = nil
        self.hold(0)
        self.giveUpUnderway()
        self.dropPending()
        self.transport.setReading(true)
        if !self.isTouched {
            self.isTouched = true
            self.core.touch(self)
        }
    }

    /// It has until then to take something of what is left, or to close its side.
    func linger(until deadline: Int, unread: Int) { self.state = .ending(until: deadline, unread: unread) }
}
