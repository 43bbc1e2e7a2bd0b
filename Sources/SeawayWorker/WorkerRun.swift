import Logging
import SeawayMessage

/// One run of a worker: takes what comes, has it consumed, answers, and grants credit again.
///
/// A whole answer is not waited for: its consumer takes the next message, and the credit comes back when the layer has answered.
/// So what is under way stays bounded, and a turn of the layer's loop sends many answers at once.
final class WorkerRun: Sendable {
    enum Job: Sendable {
        case consume(IncomingMessage, credit: Int)
        /// Sends an answer again, after a while.
        case resend(Answer)
    }

    /// An answer on its way.
    struct Answer: Sendable {
        var payload: Payload
        var replyChannel: String
        var credit: Int
        var retry = Retry(patience: .seconds(30))
        /// It tells of a failure, and its own failure is not told.
        var isFailure = false
    }

    private let layer: any ChannelLayer
    private let table: RouteTable
    private let queue: WorkQueue<Job>
    private let listening: any Listening
    private let clock: any Clock<Duration>
    private let logger: Logger

    init(
        layer: any ChannelLayer, table: RouteTable, queue: WorkQueue<Job>, listening: any Listening,
        clock: any Clock<Duration>, logger: Logger
    ) {
        self.layer = layer
        self.table = table
        self.queue = queue
        self.listening = listening
        self.clock = clock
        self.logger = logger
    }

    /// Works, as one of several, until the queue is closed and empty.
    func work() async {
        while let job = await self.queue.next() {
            switch job {
            case .consume(let message, let credit): await self.consume(message, credit)
            case .resend(let answer): await self.resend(answer)
            }
        }
    }

    private func end(credit: Int) {
        self.queue.end()
        if credit > 0 { self.listening.ready(credit) }
    }

    // MARK: Consuming

    private func consume(_ message: IncomingMessage, _ credit: Int) async {
        do {
            if let response = try await self.response(to: message) {
                try await self.answer(response, to: message, credit)
            } else {
                self.end(credit: credit)
            }
        } catch {
            self.fail(message, error, credit)
        }
    }

    /// - Returns: `nil` when the message needs none, or its consumer has seen to it.
    private func response(to message: IncomingMessage) async throws -> HTTPResponse? {
        switch self.table.match(message) {
        case .route(.consume(let consumer), let parameters):
            var message = message
            message.parameters = parameters
            try await consumer.consume(message)
            return nil
        case .route(.respond(let responder), let parameters):
            guard let method = message.envelope.method, let path = message.envelope.path else {
                throw WorkerError(.malformedRequest, name: message.channel)
            }
            var message = message
            message.parameters = parameters
            return try await responder.respond(to: HTTPRequest(message, method: method, path: path))
        case .otherMethods(let methods): return .methodNotAllowed(methods)
        case .nothing(let isHTTP):
            if isHTTP { return .notFound }
            self.logger.warning("no consumer fits", metadata: ["channel": "\(message.channel)"])
            return nil
        }
    }

    private func fail(_ message: IncomingMessage, _ error: any Error, _ credit: Int) {
        if let error = error as? ClientError, error.code == .gone, error.name == message.replyChannel {
            self.logger.debug("nobody waits for the answer any more", metadata: ["channel": "\(error.name)"])
            return self.end(credit: credit)
        }
        if let error = error as? ClientError, error.code == .unknown, error.name == message.replyChannel,
            Self.isOfWebSocket(error.name)
        {
            // A message is lost, perhaps, with its broker; the socket is as it was, and goes on over others.
            self.logger.warning("a message to a socket may be lost", metadata: ["channel": "\(error.name)"])
            return self.end(credit: credit)
        }
        // To an answer that was begun this is a second status, which breaks it off (I12): nobody takes it for whole.
        self.logger.error("a consumer failed", metadata: ["channel": "\(message.channel)", "error": "\(error)"])
        guard let replyChannel = message.replyChannel else { return self.end(credit: credit) }
        self.send(
            Answer(
                payload: Self.failure(for: replyChannel), replyChannel: replyChannel, credit: credit, isFailure: true))
    }

    private static func isOfWebSocket(_ replyChannel: String) -> Bool { replyChannel.hasPrefix("websocket.") }

    /// What tells the one who waits that its message came to nothing.
    private static func failure(for replyChannel: String) -> Payload {
        guard !Self.isOfWebSocket(replyChannel), case .whole(let failure) = HTTPResponse.failure.departure else {
            // 1011: the server cannot fulfil the request (RFC 6455).
            return Payload(["close": 1_011])
        }
        return failure
    }

    // MARK: Answering

    private func answer(_ response: HTTPResponse, to message: IncomingMessage, _ credit: Int) async throws {
        guard let replyChannel = message.replyChannel else {
            throw WorkerError(.noReplyChannel, name: message.channel)
        }
        switch response.departure {
        case .whole(let payload):
            self.send(Answer(payload: payload, replyChannel: replyChannel, credit: credit))
        case .stream(let write):
            var writer = ResponseWriter(response, to: replyChannel, self.layer, self.clock)
            try await write(&writer)
            try await writer.finish()
            self.end(credit: credit)
        }
    }

    private func send(_ answer: Answer) {
        self.layer.send(answer.payload, to: answer.replyChannel, ifHeard: false) { [self] outcome in
            if case .done = outcome { return self.end(credit: answer.credit) }
            self.notDone(answer, outcome)
        }
    }

    private func notDone(_ answer: Answer, _ outcome: SendAnswer) {
        do throws(ClientError) {
            try outcome.get(for: answer.replyChannel)
        } catch {
            // Once too often does no harm: the server drops what comes after a whole answer (I18).
            if error.isPassing || error.code == .unknown { return self.queue.putBack(.resend(answer)) }
            if error.code != .gone {
                self.logger.error("an answer was refused", metadata: ["error": "\(error)"])
                if !answer.isFailure { return self.send(answer.failure) }
            }
            self.end(credit: answer.credit)
        }
    }

    private func resend(_ answer: Answer) async {
        var answer = answer
        guard let wait = answer.retry.next(), (try? await self.clock.sleep(for: wait)) != nil else {
            self.logger.error("an answer was given up", metadata: ["channel": "\(answer.replyChannel)"])
            return self.end(credit: answer.credit)
        }
        self.send(answer)
    }
}

extension WorkerRun.Answer {
    /// Says that the answer itself could not be sent.
    fileprivate var failure: WorkerRun.Answer {
        var failure = self
        failure.payload = WorkerRun.failure(for: self.replyChannel)
        failure.isFailure = true
        return failure
    }
}
