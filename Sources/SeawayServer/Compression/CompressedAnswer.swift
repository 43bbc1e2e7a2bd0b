import NIOCore

/// One answer on its way through the compressor, or past it.
///
/// A large message is compressed in pieces, between which others have their turn; what waits here meanwhile is bounded,
/// as whoever sends it is held back.
final class CompressedAnswer {
    private enum Mode {
        case undecided
        /// It goes as it comes.
        case plain
        case compressing(Deflater)
        /// Nothing follows.
        case over
    }

    private let number: UInt64
    private let request: CompressionRule.Request
    private let compression: AnswerCompression
    private var mode = Mode.undecided
    /// Decides what the messages mean, as their holder does of what it gets.
    private var stream = AnswerStream()
    /// The first message, until it is sent.
    private var head: Answer?
    private var waiting = CircularBuffer<ArraySlice<UInt8>>(initialCapacity: 0)
    private var waitingBytes = 0
    /// The last message has come.
    private var isWhole = false
    private var isScheduled = false
    /// Its client is behind.
    private var isHeldBack = false
    /// The compressor is.
    private var isLate = false

    init(_ number: UInt64, _ request: CompressionRule.Request, _ compression: AnswerCompression) {
        self.number = number
        self.request = request
        self.compression = compression
    }

    private var core: ServerCore { self.compression.core }

    /// - Returns: whether the request was still under way.
    func receive(_ message: Result<Answer, AnswerFault>) -> Bool {
        guard case .success(let answer) = message, !answer.isNotice else {
            return self.core.handOver(message, to: self.number)
        }
        switch self.mode {
        case .undecided: return self.begin(answer)
        case .plain: return self.handOver(answer)
        case .compressing: return self.goOn(answer)
        case .over: return false
        }
    }

    private func begin(_ answer: Answer) -> Bool {
        self.mode = .plain
        // A fault is its holder's to find.
        guard case .begin = self.stream.receive(answer.piece) else { return self.handOver(answer) }
        switch self.compression.rule.verdict(on: answer, for: self.request) {
        case .leave: return self.handOver(answer)
        case .vary: return self.handOver(answer.varied())
        case .revalidate: return self.handOver(answer.varied(isRevalidated: true))
        case .gzip: return self.compress(answer)
        }
    }

    private func compress(_ answer: Answer) -> Bool {
        guard !self.request.isHead else {
            return self.handOver(answer.compressed([], moreContent: answer.piece.moreContent))
        }
        guard let deflater = self.compression.takeCompressor() else { return self.handOver(answer.varied()) }
        self.core.counters.compression.answers += 1
        self.mode = .compressing(deflater)
        self.head = answer
        return self.add(answer)
    }

    private func goOn(_ answer: Answer) -> Bool {
        switch self.stream.receive(answer.piece) {
        case .begin: return false
        case .continue:
            if let notice = answer.notice, !self.handOver(notice) { return false }
            return self.add(answer)
        case .duplicate:
            self.core.counters.duplicatePieces += 1
            return true
        case .breakOff(let fault): return self.core.handOver(.failure(fault), to: self.number)
        }
    }

    private func add(_ answer: Answer) -> Bool {
        guard !self.isWhole else { return false }
        self.isWhole = !answer.piece.moreContent
        if !answer.content.isEmpty { self.waiting.append(answer.content) }
        self.waitingBytes += answer.content.count
        self.pump()
        self.holdBackIfLate()
        return true
    }

    /// Compresses one piece, and lets others have their turn before the next.
    private func pump() {
        guard case .compressing(let deflater) = self.mode, !self.isScheduled, !self.isHeldBack else { return }
        let piece = self.nextPiece()
        let isLast = self.isWhole && self.waiting.isEmpty
        guard !piece.isEmpty || isLast || self.head != nil else { return }
        var output = ByteBuffer()
        if !piece.isEmpty || isLast {
            let flush: Deflater.Flush = isLast ? .end : self.waiting.isEmpty ? .all : .none
            piece.withUnsafeBytes { deflater.compress($0, flush, to: &output) }
        }
        self.core.counters.compression.bytesIn += piece.count
        self.core.counters.compression.bytesOut += output.readableBytes
        // First: with the last piece the request ends.
        if isLast { self.finish() }
        self.schedule()
        self.send(Array(output.readableBytesView), isLast: isLast)
    }

    private func nextPiece() -> ArraySlice<UInt8> {
        guard let first = self.waiting.first else { return [] }
        let piece = first.prefix(self.compression.configuration.pieceSize)
        self.waitingBytes -= piece.count
        self.waiting.removeFirst()
        if piece.count < first.count { self.waiting.prepend(first[piece.endIndex...]) }
        return piece
    }

    private func send(_ content: [UInt8], isLast: Bool) {
        let isUnderWay: Bool
        if let head = self.head.take() {
            isUnderWay = self.handOver(head.compressed(content, moreContent: !isLast))
        } else if !content.isEmpty || isLast {
            isUnderWay = self.handOver(Answer(piece: content, moreContent: !isLast))
        } else {
            return
        }
        if !isUnderWay { self.end() }
    }

    private func schedule() {
        guard !self.waiting.isEmpty else { return }
        self.isScheduled = true
        let answer = OnLoop(self, self.core.eventLoop)
        self.core.eventLoop.execute { answer.run { $0.haveTurn() } }
    }

    private func haveTurn() {
        self.isScheduled = false
        self.pump()
        self.holdBackIfLate()
    }

    private func handOver(_ answer: Answer) -> Bool { self.core.handOver(.success(answer), to: self.number) }

    // MARK: Who is behind

    private func holdBackIfLate() {
        guard case .compressing = self.mode else { return }
        let limits = self.core.configuration
        if !self.isLate, !self.isWhole, self.waitingBytes > limits.maxUnsent {
            self.setBehind { self.isLate = true }
        } else if self.isLate, self.waitingBytes <= limits.resumeBelow {
            self.setBehind { self.isLate = false }
        }
    }

    func pause() { self.setBehind { self.isHeldBack = true } }

    func resume() {
        self.setBehind { self.isHeldBack = false }
        self.pump()
        self.holdBackIfLate()
    }

    /// Whoever sends is held back for the first that is behind, and let go with the last.
    private func setBehind(_ change: () -> Void) {
        let before = self.isHeldBack || self.isLate
        change()
        let after = self.isHeldBack || self.isLate
        guard before != after else { return }
        if after { self.core.pauseSource(of: self.number) } else { self.core.resumeSource(of: self.number) }
    }

    // MARK: The end

    private func finish() {
        if case .compressing(let deflater) = self.mode { self.compression.giveBack(deflater) }
        self.mode = .over
    }

    /// Its request is over.
    func end() {
        self.finish()
        self.waiting.removeAll()
        self.waitingBytes = 0
        self.head = nil
    }
}

@available(*, unavailable)
extension CompressedAnswer: Sendable {}
