import Logging
import SeawayMessage
import Tracing

/// One run of a worker: takes what comes, has it consumed, answers, and grants credit again.
///
/// A whole answer is not waited for: its consumer takes the next message, and the credit comes back when the layer has
/// answered. So what is under way stays bounded, and a turn of the layer's loop sends many answers at once.
final class WorkerRun: Sendable {
    enum Job: Sendable {
        case consume(IncomingMessage, credit: Int)
        /// Sends an answer again, after a while.
        case resend(Answer)
        /// Gives sockets back, and takes no more.
        case leave
    }

    let layer: any ChannelLayer
    private let table: RouteTable
    let queue: WorkQueue<Job>
    let listening: any Listening
    let kept: KeptSockets
    private let seats: Seats
    private let stopwatch: Stopwatch
    /// What its answers say of who has made them.
    private let name: String
    let clock: any Clock<Duration>
    let logger: Logger
    /// `nil`: requests are answered outside of any span.
    let tracer: (any Tracer)?

    init(
        layer: any ChannelLayer, table: RouteTable, queue: WorkQueue<Job>, listening: any Listening,
        kept: KeptSockets, seats: Seats, stopwatch: Stopwatch, clock: any Clock<Duration>, name: String,
        logger: Logger, tracer: (any Tracer)?
    ) {
        self.layer = layer
        self.table = table
        self.queue = queue
        self.listening = listening
        self.kept = kept
        self.seats = seats
        self.stopwatch = stopwatch
        self.name = name
        self.clock = clock
        self.logger = logger
        self.tracer = tracer
    }

    /// Works, one job at a time at each seat, until the queue is closed and empty.
    func work() async {
        await withDiscardingTaskGroup { group in
            for seat in 0..<self.seats.count {
                group.addTask { await self.seats.occupy(seat) { await self.work(at: seat) } }
            }
        }
    }

    /// - Returns: whether all is done; else this task was cancelled alone.
    private func work(at seat: Int) async -> Bool {
        while let job = await self.queue.next() {
            switch job {
            case .consume(let message, let credit):
                if await self.consume(message, credit, at: seat) { return false }
            case .resend(let answer): await self.resend(answer)
            case .leave: await self.leave()
            }
        }
        return true
    }

    func end(credit: Int) {
        self.queue.end()
        if credit > 0 { self.listening.ready(credit) }
    }

    // MARK: Consuming

    /// - Returns: whether the seat's task was cancelled meanwhile.
    private func consume(_ message: IncomingMessage, _ credit: Int, at seat: Int) async -> Bool {
        var message = message
        if message.envelope.isNamed {
            message.time = WorkTime(
                worker: self.name, began: self.stopwatch.elapsed(), elapsed: self.stopwatch.elapsed)
        }
        switch self.table.match(message) {
        case .route(.socket(let route), let parameters):
            message.parameters = parameters
            await self.serve(route, message, credit)
        case .route(let action, let parameters):
            message.parameters = parameters
            message.exchange = self.begin(message, action, at: seat)
            await self.take(message, by: action, credit)
            return message.exchange != nil && self.seats.end(at: seat)
        case .otherMethods(let methods): await self.answerAtOnce(.methodNotAllowed(methods), to: message, credit)
        case .nothing(.request): await self.answerAtOnce(.notFound, to: message, credit)
        case .nothing(.socket): self.refuse(message, credit)
        case .nothing(.nobody):
            self.logger.warning("no consumer fits", metadata: message.metadata)
            self.giveBackUnbegun(message)
            self.end(message, credit)
        }
        return false
    }

    private func answerAtOnce(_ response: HTTPResponse, to message: IncomingMessage, _ credit: Int) async {
        do {
            try await self.answer(response, to: message, credit)
        } catch {
            await self.fail(message, error, credit)
        }
    }

    private func take(_ message: IncomingMessage, by action: RouteTable.Action, _ credit: Int) async {
        do {
            switch action {
            case .consume(let consumer):
                try await consumer.consume(message)
                if let exchange = message.exchange, exchange.current.isOpen {
                    throw WorkerError(.unanswered, name: message.channel)
                }
                self.end(message, credit)
            case .respond(let responder):
                guard let method = message.envelope.method, let path = message.envelope.path else {
                    throw WorkerError(.malformedRequest, name: message.channel)
                }
                let response = try await self.respond(
                    to: HTTPRequest(message, method: method, path: path), by: responder)
                if message.isGone { throw CancellationError() }
                try await self.answer(response, to: message, credit)
            case .socket: break
            }
        } catch {
            await self.fail(message, error, credit)
        }
    }

    /// - Returns: `nil` where nobody waits, or where it does not matter what they are told.
    private func begin(_ message: IncomingMessage, _ action: RouteTable.Action, at seat: Int) -> Exchange? {
        guard let replyChannel = message.replyChannel else { return nil }
        let kind: AnswerProgress.Kind
        let isOfHTTP = message.isOfHTTP
        if isOfHTTP {
            kind = .request
        } else if case .respond = action {
            kind = .request
        } else if message.isOfWebSocket {
            kind = message["type"]?.string == "websocket.connect" ? .connect : .event
        } else {
            return nil
        }
        return self.seats.begin(kind, replyChannel: replyChannel, at: seat, isWatched: isOfHTTP)
    }

    // MARK: Failing

    private func fail(_ message: IncomingMessage, _ error: any Error, _ credit: Int) async {
        if let answer = Self.answer(to: error), let exchange = message.exchange,
            exchange.current.kind == .request, exchange.current.stage == .nothing
        {
            var metadata = message.metadata
            metadata["error"] = "\(error)"
            self.logger.info("a body is not what its handler takes", metadata: metadata)
            return await self.answerAtOnce(answer, to: message, credit)
        }
        if self.giveBack(message, error) { return self.end(credit: credit) }
        guard self.report(error, message), let replyChannel = message.replyChannel,
            let failure = Self.failure(for: message)
        else { return self.end(message, credit) }
        if message.isOfWebSocket {
            // Before it is said that the event is dealt with: the next one would come.
            try? await self.layer.send(failure, to: replyChannel)
            return self.end(message, credit)
        }
        self.send(
            Answer(
                payload: failure, replyChannel: replyChannel, credit: credit, about: message.envelope,
                held: message.held))
    }

    /// What a client is told whose body is the fault; `nil` for all other errors.
    private static func answer(to error: any Error) -> HTTPResponse? {
        switch (error as? WorkerError)?.code {
        case .some(.bodyTooLarge): .contentTooLarge
        case .some(.malformedForm): .badRequest
        default: nil
        }
    }

    /// Says why a handler has not done its work.
    ///
    /// - Returns: whether somebody waits who is to be told.
    private func report(_ error: any Error, _ message: IncomingMessage) -> Bool {
        var metadata = message.metadata
        let refused = (error as? ClientError).flatMap { message.waits(on: $0.name) ? $0 : nil }
        if message.isGone || refused?.code == .gone {
            self.logger.debug("nobody waits for the answer any more", metadata: metadata)
            return false
        }
        // It is told of by its dead letter.
        if error is Dead, message.held != nil { return true }
        metadata["error"] = "\(error)"
        if refused?.code == .unknown, message.isOfWebSocket {
            // A message is lost, perhaps, with its broker; the socket is as it was, and goes on over others.
            self.logger.warning("a message to a socket may be lost", metadata: metadata)
            return false
        }
        if (error as? WorkerError)?.code == .unanswered {
            self.logger.error("a handler has ended without an answer", metadata: metadata)
        } else {
            self.logger.error("a handler has failed", metadata: metadata)
        }
        return true
    }

    static let failure = WorkerRun.failure(nil)

    private static func failure(_ mark: WorkMark?) -> Payload {
        guard case .whole(let failure) = HTTPResponse.failure.departure(mark) else { return Payload(["status": 500]) }
        return failure
    }

    /// What tells a browser that its socket is not opened, for a reason of ours.
    static let refusal = Payload(["accept": false, "status": 500])

    /// What tells the one who waits that the message came to nothing; `nil` for one who has an answer, or will get it
    /// from others.
    private static func failure(for message: IncomingMessage) -> Payload? {
        let progress = message.exchange?.current
        if progress?.isHandedOn == true { return nil }
        switch progress?.kind {
        // To an answer that was begun this is a second status, which breaks it off (I12): nobody takes it for whole.
        case .request: return progress?.stage == .whole ? nil : Self.failure(message.time?.mark)
        case .connect where progress?.stage == .nothing: return Self.refusal
        case .event where message["type"]?.string == "websocket.disconnect": return nil
        // 1011: the server cannot fulfil the request (RFC 6455).
        default: return message.isOfWebSocket ? Payload(["close": 1_011]) : Self.failure
        }
    }
}
