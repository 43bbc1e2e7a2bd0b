import NIOCore
import NIOHTTP2

// MARK: What workers answer
extension HTTP2Stream: ExchangeHolder {
    func receive(_ answer: Result<Answer, AnswerFault>, for number: UInt64) -> Bool {
        guard self.exchange?.asked.number == number else { return false }
        switch answer {
        case .failure(let fault): self.breakOff(fault)
        case .success(let answer): self.receive(answer)
        }
        return true
    }

    private func receive(_ answer: Answer) {
        if let channel = answer.disconnectChannel { self.exchange?.asked.disconnectChannel = channel }
        guard !answer.isNotice else { return }
        switch self.exchange?.stream.receive(answer.piece) {
        case .begin(let status, let isLast): self.begin(answer, status: status, isLast: isLast)
        case .continue(let isLast): self.goOn(answer, isLast: isLast)
        case .duplicate: self.core.counters.duplicatePieces += 1
        case .breakOff(let fault): self.breakOff(fault)
        case nil: break
        }
    }

    private func begin(_ answer: Answer, status: Int, isLast: Bool) {
        guard let asked = self.exchange?.asked else { return }
        let framing = BodyFraming(
            status: status, isHead: asked.isHead, isHTTP10: false, size: answer.piece.size, isLast: isLast,
            declaredLength: answer.declaredLength)
        self.exchange?.framing = framing
        self.exchange?.asked.status = status
        // Whoever goes on with an answer that can have no content is told that nobody reads it (I14).
        if !isLast, !framing.hasContent {
            self.core.closeReplyChannel(asked.number)
            self.core.tellItsWorker(of: asked, .over)
        }
        let isWhole = isLast || !framing.hasContent
        let hasContent = framing.hasContent && answer.piece.size > 0
        let head = self.connection.writer.head(answer, status: status, framing: framing)
        self.note(answer, isLast: isWhole, hasContent: hasContent)
        self.write(.headers(.init(headers: head, endStream: isWhole && !hasContent)))
        if hasContent { self.write(answer.content, isLast: isWhole) }
        self.pauseIfNeeded()
    }

    private func goOn(_ answer: Answer, isLast: Bool) {
        let hasContent = answer.piece.size > 0 || isLast
        self.note(answer, isLast: isLast, hasContent: hasContent)
        if hasContent { self.write(answer.content, isLast: isLast) }
        self.pauseIfNeeded()
    }

    /// To be called before the part is written: the stream may end with that.
    private func note(_ answer: Answer, isLast: Bool, hasContent: Bool) {
        if hasContent { self.exchange?.asked.sent += answer.piece.size }
        if isLast {
            self.core.counters.answered += 1
            self.finish()
        } else {
            self.exchange?.deadline = self.core.now + self.core.configuration.httpTimeout
        }
    }

    /// The answer is whole, whatever of it is on its way.
    private func finish() {
        guard let exchange = self.exchange.take() else { return }
        self.core.endRequest(exchange.asked)
        self.answered = exchange.asked
    }

    /// It becomes none over HTTP/2.
    func becomeWebSocket(
        _ number: UInt64, _ acceptance: WebSocketAcceptance, _ answer: Answer, _ peer: WebSocketPeer
    ) {
        peer.abort()
    }

    // MARK: What goes wrong

    func fail(_ number: UInt64, _ error: ErrorAnswer) {
        guard self.exchange?.asked.number == number else { return }
        self.core.counters.count(error)
        self.giveUp(error)
    }

    private func breakOff(_ fault: AnswerFault) {
        guard let asked = self.exchange?.asked else { return }
        self.core.counters.count(.malformedAnswer)
        self.core.logMalformed(fault, asked)
        self.core.closeReplyChannel(asked.number)
        self.giveUp(.malformedAnswer)
    }

    /// Answers by itself while nothing was sent; later only the end of the stream tells the client.
    private func giveUp(_ error: ErrorAnswer) {
        guard let exchange = self.exchange else { return }
        if let end = error.end { self.core.tellItsWorker(of: exchange.asked, end) }
        guard exchange.stream.hasBegun else { return self.answer(error) }
        self.exchange = nil
        self.core.endRequest(exchange.asked, cut: error.end)
        if let end = error.end { self.core.logCut(exchange.asked, end) }
        self.reset(.internalError)
    }

    func answer(_ error: ErrorAnswer) {
        guard let isHead = self.exchange?.asked.isHead else { return }
        self.exchange?.asked.status = error.status
        self.finish()
        self.write(.headers(.init(headers: self.connection.writer.head(error), endStream: isHead)))
        if !isHead { self.write(Array("\(error.text)\n".utf8)[...], isLast: true) }
    }

    // MARK: Slow clients

    private func pauseIfNeeded() {
        guard let exchange = self.exchange, !exchange.isPaused, self.context?.channel.isWritable == false else {
            return
        }
        self.exchange?.isPaused = true
        // The client is late now, not the worker.
        self.exchange?.deadline = nil
        self.core.pause(exchange.asked.number)
    }

    func resume() {
        guard let exchange = self.exchange, exchange.isPaused else { return }
        self.exchange?.isPaused = false
        self.exchange?.deadline = self.core.now + self.core.configuration.httpTimeout
        self.core.resume(exchange.asked.number)
    }
}
