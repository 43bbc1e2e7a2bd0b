import NIOCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// MARK: What workers answer
extension HTTP1Handler: AnswerDispatch {
    func begin(_ answer: Answer, at index: Int, isWhole: Bool) {
        let framing = self.exchanges[index].request.framing
        let closes = framing == .untilClose || self.closes(at: index, isLast: isWhole)
        self.exchanges[index].request.staysOpen = !closes
        let request = self.exchanges[index].request
        let output = self.core.writer.begin(
            answer, status: request.asked.status, framing: framing, connection: request.connection(closes: closes),
            requestID: request.asked.requestID)
        self.emit(output, content: answer, at: index, isLast: isWhole)
    }

    func goOn(_ answer: Answer, at index: Int, isLast: Bool) {
        let framing = self.exchanges[index].request.framing
        let output = self.core.writer.piece(answer, framing: framing, isLast: isLast)
        self.emit(output, content: answer, at: index, isLast: isLast)
    }

    private func emit(_ output: ByteBuffer, content: Answer, at index: Int, isLast: Bool) {
        if self.exchanges[index].request.framing.hasContent {
            self.exchanges[index].request.asked.sent += content.piece.size
        }
        if isLast {
            self.core.countWhole(self.exchanges[index].request.asked)
            self.finish(output, at: index)
        } else {
            self.exchanges[index].deadline = self.deadline(of: self.exchanges[index].number)
            let turn = self.exchanges.put(output, bytes: output.readableBytes, at: index, isLast: false)
            if turn == .now {
                self.write(output)
                self.context?.flush()
            }
            self.countAnswers()
            // Writing may have ended the connection, and with it the exchange.
            self.pauseIfNeeded(isWritable: self.isWritable && !self.memory.isOver)
        }
    }

    /// Sends the last part of an answer, or keeps it until its turn.
    private func finish(_ output: ByteBuffer, at index: Int) {
        let exchange = self.exchanges[index]
        self.core.endRequest(exchange.request.asked)
        self.lastAnswered = exchange.request.asked
        let closes = !exchange.request.staysOpen || self.isComingIn(exchange.number)
        self.endBody(exchange.number)
        // First, because a request that comes behind an answer that closes is not taken any more.
        if closes { self.stopReading() }
        let turn = self.exchanges.put(
            output, bytes: output.readableBytes, at: index, isLast: true, closes: closes)
        if turn == .now, let context = self.context {
            self.write(output)
            self.advance(context)
        }
        self.countAnswers()
        self.pauseIfNeeded(isWritable: self.isWritable)
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
        if self.isWritable, !self.memory.isOver { self.resumeFirst() }
        self.letClientSend()
        self.letReaderHaveBody()
        self.goOnReading()
        self.upgradeIfWaiting()
    }

    /// Whether no other request is to come.
    private var takesNoMore: Bool { self.core.isDraining || self.clientEnd.hasCome }

    /// Whether the connection ends behind this answer.
    private func closes(at index: Int, isLast: Bool) -> Bool {
        // What comes of a body that nobody takes is no request.
        if isLast, self.isComingIn(self.exchanges[index].number) { return true }
        let isLastOfAll = index == self.exchanges.count - 1 && self.isBetweenRequests
        return !self.exchanges[index].request.staysOpen || (self.takesNoMore && isLastOfAll)
    }
}

// MARK: What goes wrong
extension HTTP1Handler {
    /// Ends the connection: nothing else tells the client.
    func cutOff(_ request: HeldRequest) {
        // Nor does a client that waits for the end know otherwise that this is not it.
        if request.framing == .untilClose { self.resetOnClose() }
        self.abort(.left)
    }

    func answer(_ error: ErrorAnswer, at index: Int) {
        self.exchanges.discardWaiting(at: index)
        let closes = error.closes || self.closes(at: index, isLast: true)
        self.exchanges[index].request.staysOpen = !closes
        self.exchanges[index].request.asked.begin(error, at: self.core.eventLoop.now)
        let request = self.exchanges[index].request
        let page = self.core.writer.error(
            error, isHead: request.asked.isHead, connection: request.connection(closes: closes),
            requestID: request.asked.requestID)
        self.finish(page, at: index)
    }

    private func resetOnClose() {
        guard let socket = self.context?.channel as? any SocketOptionProvider else { return }
        _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
}

// MARK: Lost time
extension HTTP1Handler {
    /// Looks for what has waited too long.
    func sweep(at now: Moment) {
        // First: whether the client took what was written before is not to be mixed up with what is written now.
        self.lookAtOutput(at: now)
        if self.core.isDraining { self.drain() }
        self.failOverdue(at: now)
        // Where not the client was the reason, but what all hold, nothing else tells that it is over.
        if self.exchanges.first?.isPaused ?? false, self.isWritable, !self.memory.isOver { self.resumeFirst() }
        self.lookAtEnd(at: now)
        // While the server itself does not read, or has not told the client to send, the client owes nothing.
        if self.waitsToSend || !self.bodyHasRoom { self.clock.readingWasHeld(at: now) }
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
    /// take. One that has just come, or was just answered, may be asking at this moment: it has a second for that.
    func drain() {
        guard self.exchanges.isEmpty, self.isBetweenRequests,
            self.clock.isQuiet(for: self.core.configuration.lastCall, at: self.core.now)
        else { return }
        if self.lookAtOutput(at: self.core.now) { self.end() } else { self.abort(.left) }
    }
}

extension HeldRequest {
    /// What the answer says about the connection.
    fileprivate func connection(closes: Bool) -> AnswerWriter.Connection {
        if closes { return .close }
        return self.isHTTP10 ? .keepAlive : .unsaid
    }
}
