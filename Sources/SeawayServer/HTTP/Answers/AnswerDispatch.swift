import NIOCore

/// Passes what workers answer on to a client, and bodies on to them.
///
/// What a message means for the exchange that it belongs to is the same for every version of HTTP, and stands here; how
/// it reaches the client is the version's own.
protocol AnswerDispatch: ExchangeHolder, BodySource {
    var core: ServerCore { get }
    var addresses: ConnectionAddresses { get }
    var exchanges: Exchanges<HeldRequest, ByteBuffer> { get set }

    /// Writes the beginning of an answer, whose status and framing are known.
    func begin(_ answer: Answer, at index: Int, isWhole: Bool)

    /// Writes a further piece.
    func goOn(_ answer: Answer, at index: Int, isLast: Bool)

    /// Answers by itself, while nothing of another answer was sent.
    func answer(_ error: ErrorAnswer, at index: Int)

    /// Answers a request by itself that no worker has, and takes nothing more.
    func refuse(_ error: ErrorAnswer, isHead: Bool)

    /// Ends what carried a request whose answer had begun, so that the client knows that it is not whole.
    func cutOff(_ request: HeldRequest)

    /// The body of a request, while it goes in pieces.
    func body(of number: UInt64) -> BodySender?

    /// Keeps what sends the body of a request that begins.
    func keep(_ sender: BodySender, for number: UInt64)

    /// Keeps the sum of all bodies that are held.
    func countBody()

    /// Nobody is to have the rest of a request's body.
    func endBody(_ number: UInt64)

    /// The reader of a request's body has asked for more of it.
    func readerAsked(_ number: UInt64)

    /// More of a body may be received.
    func receiveMore(_ number: UInt64)
}

// MARK: What workers answer
extension AnswerDispatch {
    func receive(_ answer: Result<Answer, AnswerFault>, for number: UInt64) -> Bool {
        guard let index = self.exchanges.index(of: number) else { return false }
        switch answer {
        case .failure(let fault): self.breakOff(at: index, fault)
        case .success(let answer):
            // First, since whoever answers whole in the same message reads no more.
            if let offset = answer.bodyWanted { self.ask(number, upTo: offset) }
            if let index = self.exchanges.index(of: number) { self.receive(answer, at: index) }
        }
        return true
    }

    private func receive(_ answer: Answer, at index: Int) {
        if let channel = answer.disconnectChannel { self.exchanges[index].request.asked.disconnectChannel = channel }
        guard !answer.isNotice else { return }
        switch self.exchanges[index].stream.receive(answer.piece) {
        case .begin(let status, let isLast): self.begin(answer, at: index, status: status, isLast: isLast)
        case .continue(let isLast): self.goOn(answer, at: index, isLast: isLast)
        case .duplicate: self.core.counters.duplicatePieces += 1
        case .breakOff(let fault): self.breakOff(at: index, fault)
        }
    }

    private func begin(_ answer: Answer, at index: Int, status: Int, isLast: Bool) {
        let request = self.exchanges[index].request
        let framing = BodyFraming(
            status: status, isHead: request.asked.isHead, isHTTP10: request.isHTTP10, size: answer.piece.size,
            isLast: isLast, declaredLength: answer.declaredLength)
        if !isLast, case .length(let length) = framing {
            guard answer.piece.size <= length else {
                // Nothing of it has been sent.
                self.exchanges[index].stream = AnswerStream()
                return self.breakOff(at: index, .otherLength(expected: length, received: answer.piece.size))
            }
            self.exchanges[index].stream.expect(length)
        }
        self.exchanges[index].request.framing = framing
        let isWhole = isLast || !framing.hasContent
        self.exchanges[index].request.asked.begin(
            answer, status: status, isWhole: isWhole, at: self.core.eventLoop.now)
        // Whoever goes on with an answer that can have no content is told that nobody reads it (I14).
        if !isLast, !framing.hasContent {
            self.core.closeReplyChannel(request.asked.number)
            self.core.tellItsWorker(of: self.exchanges[index].request.asked, .over)
        }
        self.begin(answer, at: index, isWhole: isWhole)
    }

    /// Until when the next message of an answer is due; none is of a worker that waits for the client.
    func deadline(of number: UInt64) -> Moment? {
        let waitsForClient = self.body(of: number)?.stream.waitsForClient ?? false
        return waitsForClient ? nil : self.core.now + self.core.configuration.httpTimeout
    }
}

// MARK: What goes wrong
extension AnswerDispatch {
    func fail(_ number: UInt64, _ error: ErrorAnswer) {
        guard let index = self.exchanges.index(of: number) else { return }
        self.core.counters.count(error)
        self.giveUp(at: index, error)
    }

    func isUnanswered(_ number: UInt64) -> Bool {
        self.exchanges.index(of: number).map { !self.exchanges[$0].stream.hasBegun } ?? false
    }

    private func breakOff(at index: Int, _ fault: AnswerFault) {
        self.core.counters.count(.malformedAnswer)
        self.core.logMalformed(fault, self.exchanges[index].request.asked)
        self.core.closeReplyChannel(self.exchanges[index].number)
        self.giveUp(at: index, .malformedAnswer)
    }

    /// Answers by itself while nothing was sent; later only the end of what carries the answer tells the client.
    private func giveUp(at index: Int, _ error: ErrorAnswer) {
        if let end = error.end { self.core.tellItsWorker(of: self.exchanges[index].request.asked, end) }
        guard index == 0, self.exchanges[0].stream.hasBegun else { return self.answer(error, at: index) }
        let exchange = self.exchanges[0]
        self.endBody(exchange.number)
        self.core.endRequest(exchange.request.asked, cut: error.end)
        if let end = error.end { self.core.logCut(exchange.request.asked, end) }
        _ = self.exchanges.endFirst()
        self.cutOff(exchange.request)
    }

    /// Breaks off what has waited too long for its worker.
    func failOverdue(at now: Moment) {
        while let (index, limit) = self.exchanges.overdue(at: now) {
            let exchange = self.exchanges[index]
            self.core.timeIsOver(limit, self.addresses, exchange.request.asked)
            self.core.closeReplyChannel(exchange.number)
            self.fail(exchange.number, .timeout)
        }
    }
}

// MARK: Slow clients
extension AnswerDispatch {
    func pauseIfNeeded(isWritable: Bool) {
        for index in 0..<self.exchanges.count where self.exchanges.pauseIfNeeded(at: index, isWritable: isWritable) {
            self.core.pause(self.exchanges[index].number)
        }
    }

    func resumeFirst() {
        let deadline = self.core.now + self.core.configuration.httpTimeout
        guard self.exchanges.resumeFirst(deadline: deadline), let first = self.exchanges.first else { return }
        self.core.resume(first.number)
    }
}
