import Logging
import SeawayMessage

/// Sends answers, again where that may help, and gives their credit back.
extension WorkerRun {
    /// What is sent in the place of an answer that is refused for good.
    enum Substitute: Sendable {
        case nothing
        /// A 500.
        case failure
        /// The same to a browser that wants to open a socket.
        case refusal

        fileprivate var payload: Payload? {
            switch self {
            case .nothing: nil
            case .failure: WorkerRun.failure
            case .refusal: WorkerRun.refusal
            }
        }
    }

    /// An answer on its way.
    struct Answer: Sendable {
        var payload: Payload
        var replyChannel: String
        var credit: Int
        var retry = Resending(patience: .seconds(30))
        /// Whether it may be sent again when nobody knows if it was stored. The server drops what comes after a whole
        /// answer (I18).
        var mayRepeat = true
        var substitute = Substitute.nothing
        /// What it answers.
        var about: Envelope?
        /// What it acknowledges.
        var held: HeldMessage?
    }

    /// Answers a request.
    ///
    /// - Throws: what the content's closure throws; `alreadyAnswered`.
    func answer(_ response: HTTPResponse, to message: IncomingMessage, _ credit: Int) async throws {
        guard let replyChannel = message.replyChannel else {
            throw WorkerError(.noReplyChannel, name: message.channel)
        }
        switch response.departure(message.time?.mark) {
        case .whole(let payload):
            try message.exchange?.say(.first(hasMore: false))
            self.send(
                Answer(
                    payload: payload, replyChannel: replyChannel, credit: credit, substitute: .failure,
                    about: message.envelope, held: message.held))
        case .stream(let write):
            var writer = ResponseWriter(
                response, to: replyChannel, message.exchange, self.layer, self.clock, message.held, message.time)
            try await write(&writer)
            try await writer.finish()
            self.conclude(message)
            self.end(credit: credit)
        }
    }

    /// Ends work that needs no answer (any more); a socket that waits for its event is told that it is dealt with.
    func end(_ message: IncomingMessage, _ credit: Int) {
        guard let event = SerialEvent(message), self.owesDone(message) else {
            self.conclude(message)
            return self.end(credit: credit)
        }
        self.send(
            Answer(payload: event.done, replyChannel: event.controlChannel, credit: credit, held: message.held))
    }

    private func owesDone(_ message: IncomingMessage) -> Bool {
        guard let exchange = message.exchange else { return true }
        return !exchange.current.isHandedOn && exchange.takeDone()
    }

    func send(_ answer: Answer) {
        self.layer.send(
            answer.payload, to: answer.replyChannel, ifHeard: false, stream: nil, bounds: nil,
            terms: answer.held.flatMap(MessageTerms.init(acknowledgingOpen:))
        ) { [self] outcome in
            if case .done = outcome { return self.end(credit: answer.credit) }
            self.notDone(answer, outcome)
        }
    }

    private func notDone(_ answer: Answer, _ outcome: SendAnswer) {
        do throws(ClientError) {
            try outcome.get(for: answer.replyChannel)
        } catch {
            if error.isPassing || (error.code == .unknown && answer.mayRepeat) {
                return self.queue.putBack(.resend(answer))
            }
            if error.code != .gone {
                self.logger.error("an answer was refused", metadata: answer.metadata(error))
                // What may have arrived is not followed by its contrary.
                if error.code != .unknown, let substitute = answer.substitute.payload {
                    return self.send(answer.replaced(by: substitute))
                }
            }
            self.giveUp(answer)
        }
    }

    private func giveUp(_ answer: Answer) {
        // A socket that did not hear that it was accepted sends its disconnect to all workers.
        self.kept.forget(answer.replyChannel)
        if let held = answer.held { self.conclude(held) }
        self.end(credit: answer.credit)
    }

    func resend(_ answer: Answer) async {
        var answer = answer
        guard let wait = answer.retry.next(), (try? await self.clock.sleep(for: wait)) != nil else {
            self.logger.error("an answer was given up", metadata: answer.metadata(nil))
            return self.giveUp(answer)
        }
        self.send(answer)
    }
}

extension WorkerRun.Answer {
    /// What a line about it names.
    fileprivate func metadata(_ error: ClientError?) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["channel": "\(self.replyChannel)"]
        if let method = self.about?.method { metadata["method"] = "\(method)" }
        if let path = self.about?.path { metadata["path"] = "\(path)" }
        if let error { metadata["error"] = "\(error)" }
        return metadata
    }

    /// What says that it could not be sent, and is given up if that cannot be either.
    fileprivate func replaced(by payload: Payload) -> WorkerRun.Answer {
        var answer = self
        answer.payload = payload
        answer.substitute = .nothing
        return answer
    }
}
