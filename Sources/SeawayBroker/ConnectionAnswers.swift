import NIOCore
import SeawayHub
import SeawayNIO
import SeawayWire

/// What a connection is answered: in the order of its requests (A1), behind what still waits for a store (A2).
extension Connection {
    func answer(_ answer: RequestHandler.Answer) {
        if case .refused(let refusal) = answer { return self.refuse(refusal) }
        self.session.accept()
        switch answer {
        case .none, .refused: break
        case .later(let request): self.begin(request)
        case .stored(let request): self.ask(request)
        case .line, .data: self.reply { Self.write(answer, into: &$0) }
        }
        // What a LISTEN makes deliverable comes behind its answer (A2), and before any other.
        if self.underway == nil, !self.core.drain(self.id) { self.core.workLimit = 0 }
    }

    func refuse(_ refusal: WireRefusal) {
        self.core.counters.count(refusal)
        self.reply { Self.write(refusal, into: &$0) }
    }

    /// Has an answer leave, or stand behind those that are awaited.
    @inline(__always)
    func reply(_ write: (inout ByteBuffer) -> Void) {
        if self.isPending { self.stand(write) } else { self.gather(write) }
    }

    private static func write(_ answer: RequestHandler.Answer, into output: inout ByteBuffer) {
        switch answer {
        case .none, .later, .stored: break
        case .line(let line): output.writeString(line)
        case .data(let bytes):
            output.writeString("DATA :\(bytes.count)\n")
            output.writeBytes(bytes)
            output.writeLine("\n")
        case .refused(let refusal): Self.write(refusal, into: &output)
        }
    }

    private static func write(_ refusal: WireRefusal, into output: inout ByteBuffer) {
        output.writeString("ERR \(refusal.code.rawValue) \(refusal.details)\n")
    }

    // MARK: Those that wait for a store

    private func stand(_ write: (inout ByteBuffer) -> Void) {
        if case .closed = self.state { return }
        var answer = ByteBuffer()
        write(&answer)
        self.pending.append(answer)
        self.core.pendingAnswers += 1
        self.notePending()
    }

    /// Asks a store; the answer comes when it has.
    func ask(_ request: StoreRequest) {
        let ticket = self.pending.await(
            until: self.core.now + self.core.configuration.storePatience, orElse: request.orElse, holding: request.held)
        self.isPending = true
        self.core.pendingAnswers += 1
        self.notePending()
        let core = self.core
        request.ask { [weak self] answer in
            core.readClock()
            self?.fill(ticket, answer)
        }
    }

    private func fill(_ ticket: PendingAnswers.Ticket, _ answer: RequestHandler.Answer) {
        guard self.pending.awaits(ticket) else { return }
        if case .refused(let refusal) = answer { self.core.counters.count(refusal) }
        var bytes = ByteBuffer()
        Self.write(answer, into: &bytes)
        self.pending.fill(ticket, bytes)
        self.replyPending()
    }

    /// Answers those for which a store has taken too long.
    func checkPending() {
        guard self.isPending else { return }
        while let (ticket, refusal) = self.pending.overdue(at: self.core.now) {
            self.core.counters.count(.storePatience)
            self.fill(ticket, refusal.map { .refused($0) } ?? .line("OK\n"))
        }
    }

    /// Has leave what waits for nothing any more.
    private func replyPending() {
        while let answer = self.pending.next() {
            self.core.pendingAnswers -= 1
            self.gather { $0.writeImmutableBuffer(answer) }
        }
        self.isPending = !self.pending.isEmpty
        self.account()
        guard case .open = self.state else { return }
        if self.isPendingFull, self.pending.count <= self.core.configuration.maxPending / 2,
            self.pending.memory <= Self.mostPending / 2
        {
            self.isPendingFull = false
            self.putOff()
        }
        guard !self.isPending else { return }
        // What has waited for all of them.
        if self.underway is AwaitedAnswers { self.wake() }
        if self.peerHasEnded, self.isRead, self.underway == nil { self.finishInput() }
    }

    /// Says something behind all answers that are awaited.
    func sayLast(_ say: @escaping (Connection) -> Void) {
        if self.isPending { self.begin(AwaitedAnswers(say)) } else { say(self) }
    }

    /// Bytes that wait for a store from which on nothing more is read (M9).
    private static let mostPending = 4 << 20

    private func notePending() {
        self.account()
        guard !self.isPendingFull,
            self.pending.count >= self.core.configuration.maxPending || self.pending.memory >= Self.mostPending
        else { return }
        self.isPendingFull = true
        self.core.counters.count(.maxPending)
        self.transport.setReading(false)
    }

    /// They end with their connection.
    func dropPending() {
        self.core.pendingAnswers -= self.pending.count
        self.pending = PendingAnswers()
        self.isPending = false
        self.isPendingFull = false
    }
}

/// What a store is asked before a request can be answered.
struct StoreRequest {
    /// What is said when it does not answer in time; `nil`: `OK` all the same.
    var orElse: WireRefusal?
    /// Bytes that are held meanwhile, or that the answer may have.
    var held = 0
    /// Asks; calls back once, later.
    let ask: (@escaping (RequestHandler.Answer) -> Void) -> Void
}

/// Something that is said behind all answers that are awaited.
final class AwaitedAnswers: LongRequest {
    private let say: (Connection) -> Void

    init(_ say: @escaping (Connection) -> Void) { self.say = say }

    func goOn(for connection: Connection) -> Progress {
        guard !connection.isPending else { return .whenCalled }
        self.say(connection)
        return .over
    }

    func giveUp(_ core: BrokerCore) {}
}
