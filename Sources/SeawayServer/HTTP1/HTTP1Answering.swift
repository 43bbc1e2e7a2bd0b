import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// MARK: What workers answer
extension HTTP1Handler: ExchangeHolder {
    func receive(_ answer: Result<Answer, AnswerFault>, for number: UInt64) -> Bool {
        guard let index = self.exchanges.index(of: number) else { return false }
        switch answer {
        case .failure(let fault): self.breakOff(at: index, fault)
        case .success(let answer): self.receive(answer, at: index)
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
            isLast: isLast,
            declaredLength: answer.declaredLength
        )
        let closes = framing == .untilClose || self.closes(at: index)
        self.exchanges[index].request.framing = framing
        self.exchanges[index].request.asked.status = status
        self.exchanges[index].request.staysOpen = !closes
        let output = self.core.writer.begin(
            answer, status: status, framing: framing, connection: request.connection(closes: closes))
        // Whoever goes on with an answer that can have no content is told that nobody reads it (I14).
        if !isLast, !framing.hasContent {
            self.core.closeReplyChannel(self.exchanges[index].number)
            self.core.tellItsWorker(of: self.exchanges[index].request.asked, .over)
        }
        self.emit(output, content: answer, at: index, isLast: isLast || !framing.hasContent)
    }

    private func goOn(_ answer: Answer, at index: Int, isLast: Bool) {
        let framing = self.exchanges[index].request.framing
        let output = self.core.writer.piece(answer, framing: framing, isLast: isLast)
        self.emit(output, content: answer, at: index, isLast: isLast)
    }

    private func emit(_ output: ByteBuffer, content: Answer, at index: Int, isLast: Bool) {
        if self.exchanges[index].request.framing.hasContent {
            self.exchanges[index].request.asked.sent += content.piece.size
        }
        if isLast {
            self.core.counters.answered += 1
            self.finish(output, at: index)
        } else {
            self.exchanges[index].deadline = self.core.now + self.core.configuration.httpTimeout
            let turn = self.exchanges.put(output, bytes: output.readableBytes, at: index, isLast: false)
            if turn == .now {
                self.write(output)
                self.context?.flush()
            }
            // Writing may have ended the connection, and with it the exchange.
            self.pauseIfNeeded()
        }
    }

    /// Sends the last part of an answer, or keeps it until its turn.
    private func finish(_ output: ByteBuffer, at index: Int) {
        let exchange = self.exchanges[index]
        self.core.endRequest(exchange.request.asked)
        self.lastAnswered = exchange.request.asked
        let closes = !exchange.request.staysOpen
        // First, because a request that comes behind an answer that closes is not taken any more.
        if closes { self.stopReading() }
        let turn = self.exchanges.put(
            output, bytes: output.readableBytes, at: index, isLast: true, closes: closes)
        if turn == .now, let context = self.context {
            self.write(output)
            self.advance(context)
        }
        self.pauseIfNeeded()
    }

    /// Ends the first exchange and sends what waited behind it.
    private func advance(_ context: ChannelHandlerContext) {
        var closes = self.exchanges.endFirst()
        while !closes, let next = self.exchanges.first {
            for output in self.exchanges.takeWaiting() { self.write(output) }
            guard next.isComplete else { break }
            closes = self.exchanges.endFirst()
        }
        context.flush()
        self.clock.answerLeft(at: self.core.now)
        if closes || (self.takesNoMore && self.exchanges.isEmpty && self.isBetweenRequests) { return self.end() }
        if self.isWritable { self.resumeFirst() }
        self.letClientSend()
        self.goOnReading()
        self.upgradeIfWaiting()
    }

    /// Whether no other request is to come.
    private var takesNoMore: Bool { self.core.isDraining || self.clientEnd.hasCome }

    /// Whether the connection ends behind this answer.
    private func closes(at index: Int) -> Bool {
        let isLastOfAll = index == self.exchanges.count - 1 && self.isBetweenRequests
        return !self.exchanges[index].request.staysOpen || (self.takesNoMore && isLastOfAll)
    }
}

// MARK: What goes wrong
extension HTTP1Handler {
    func fail(_ number: UInt64, _ error: ErrorAnswer) {
        guard let index = self.exchanges.index(of: number) else { return }
        self.core.counters.count(error)
        self.giveUp(at: index, error)
    }

    private func breakOff(at index: Int, _ fault: AnswerFault) {
        self.core.counters.count(.malformedAnswer)
        self.core.logMalformed(fault, self.exchanges[index].request.asked)
        self.core.closeReplyChannel(self.exchanges[index].number)
        self.giveUp(at: index, .malformedAnswer)
    }

    /// Answers by itself while nothing was sent; later only the end of the connection tells the client.
    private func giveUp(at index: Int, _ error: ErrorAnswer) {
        if let end = error.end { self.core.tellItsWorker(of: self.exchanges[index].request.asked, end) }
        guard index == 0, self.exchanges[0].stream.hasBegun else { return self.answer(error, at: index) }
        let exchange = self.exchanges[0]
        self.core.endRequest(exchange.request.asked, cut: error.end)
        if let end = error.end { self.core.logCut(exchange.request.asked, end) }
        _ = self.exchanges.endFirst()
        // Nothing else tells a client that waits for the end that this is not it.
        if exchange.request.framing == .untilClose { self.resetOnClose() }
        self.abort(.left)
    }

    func answer(_ error: ErrorAnswer, at index: Int) {
        self.exchanges.discardWaiting(at: index)
        let closes = error.closes || self.closes(at: index)
        self.exchanges[index].request.staysOpen = !closes
        self.exchanges[index].request.asked.status = error.status
        let request = self.exchanges[index].request
        let page = self.core.writer.error(
            error, isHead: request.asked.isHead, connection: request.connection(closes: closes))
        self.finish(page, at: index)
    }

    private func resetOnClose() {
        guard let socket = self.context?.channel as? any SocketOptionProvider else { return }
        _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
}

// MARK: Slow clients and lost time
extension HTTP1Handler {
    private func pauseIfNeeded() {
        for index in 0..<self.exchanges.count where self.exchanges.pauseIfNeeded(at: index, isWritable: self.isWritable)
        {
            self.core.pause(self.exchanges[index].number)
        }
    }

    func resumeFirst() {
        let deadline = self.core.now + self.core.configuration.httpTimeout
        guard self.exchanges.resumeFirst(deadline: deadline), let first = self.exchanges.first else { return }
        self.core.resume(first.number)
    }

    /// Looks for what has waited too long.
    func sweep(at now: Moment) {
        // First: whether the client took what was written before is not to be mixed up with what is written now.
        self.lookAtOutput(at: now)
        while let (index, limit) = self.exchanges.overdue(at: now) {
            let exchange = self.exchanges[index]
            self.core.timeIsOver(limit, self.addresses, exchange.request.asked)
            self.core.closeReplyChannel(exchange.number)
            self.fail(exchange.number, .timeout)
        }
        self.lookAtEnd(at: now)
        // The client has not been told to send yet.
        if self.waitsToSend { self.clock.readingWasHeld(at: now) }
        let expiry = self.clock.expiry(
            at: now, isBusy: !self.exchanges.isEmpty, output: self.output, times: self.core.configuration)
        switch expiry {
        case .none: break
        case .close(let limit):
            if let limit { self.core.timeIsOver(limit, self.addresses) }
            self.abort(.left)
        case .slowRequest(let limit):
            self.core.timeIsOver(limit, self.addresses)
            self.refuse(.slowRequest)
        case .stalled:
            self.core.timeIsOver(.stall, self.addresses)
            self.core.counters.stalledClients += 1
            self.abort(.stalled)
        }
    }

    /// Ends an idle connection; the others end behind their last answer, and behind what of it the client has yet to
    /// take.
    func drain() {
        guard self.exchanges.isEmpty, self.isBetweenRequests else { return }
        if self.lookAtOutput(at: self.core.now) { self.end() } else { self.abort(.left) }
    }
}

extension ErrorAnswer {
    /// What a worker hears of a request that may have reached it.
    fileprivate var end: RequestEnd? {
        switch self {
        case .timeout: .timeout
        case .malformedAnswer: .malformed
        case .unknownOutcome: .lost
        default: nil
        }
    }
}

extension HTTP1Request {
    /// What the answer says about the connection.
    fileprivate func connection(closes: Bool) -> AnswerWriter.Connection {
        if closes { return .close }
        return self.isHTTP10 ? .keepAlive : .unsaid
    }
}
