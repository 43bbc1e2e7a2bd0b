import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

/// One request and its answer on a connection of HTTP/2.
///
/// What a part of the request means is ``RequestIntake``'s to say, what a message of the answer means ``AnswerStream``'s.
/// Here their decisions are carried out, as ``HTTP1Handler`` does for HTTP/1.1.
final class HTTP2Stream: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    let core: ServerCore
    let connection: HTTP2Connection
    private var intake: RequestIntake
    private let began: Moment
    /// `nil` before the stream is there and after it is gone.
    private(set) var context: ChannelHandlerContext?
    /// The request under way: sent to a worker, or refused, and not answered whole.
    var exchange: HTTP2Exchange?
    /// One whose answer is whole, while the client has yet to take it.
    var answered: AskedRequest?
    var output: HTTP2Output
    private var takesRequest = true

    init(core: ServerCore, connection: HTTP2Connection) {
        self.core = core
        self.connection = connection
        self.intake = RequestIntake(
            check: RequestCheck(maxBody: core.configuration.maxRequestBody), isHTTP2: true)
        self.began = core.now
        self.output = HTTP2Output(now: core.now)
    }

    // MARK: The stream

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.connection.enter(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.clientLeft()
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.clientLeft()
        context.fireChannelInactive()
    }

    /// What is wrong with the stream ends it; its connection knows why.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func clientLeft() {
        self.stopTaking()
        self.connection.leave(self)
        let ending = self.connection.ending
        if let exchange = self.exchange.take(), exchange.asked.route != nil {
            self.core.abandon(exchange.asked, ending)
        } else if ending != .left, self.output.isOpen, let asked = self.answered.take(), asked.route != nil {
            self.core.answerWasCut(asked, ending)
        }
        self.answered = nil
    }

    // MARK: The request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .headers(let headers):
            if self.takesRequest, self.intake.isBetweenRequests { self.begin(headers.headers) }
            if headers.endStream { self.endOfRequest() }
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data, bytes.readableBytes > 0 { self.take(.body(bytes)) }
            if data.endStream { self.endOfRequest() }
        default: break
        }
    }

    private func begin(_ fields: HPACKHeaders) {
        guard fields.count <= self.core.configuration.maxRequestFields else { return self.refuse(.headTooLarge) }
        guard let head = HTTPRequestHead(http2: fields) else { return self.refuse(.syntax) }
        self.take(.head(head))
    }

    private func endOfRequest() {
        self.take(.end(nil))
        self.takesRequest = false
    }

    private func take(_ part: HTTPServerRequestPart) {
        guard self.takesRequest else { return }
        let before = self.intake.bodySize
        let event = self.intake.take(part)
        self.core.bodyBytes += self.intake.bodySize - before
        switch event {
        case .none: if self.core.bodyBytes > self.core.configuration.maxBufferedBodies { self.refuse(.noRoomForBody) }
        case .clientWaitsToSend: self.write(.headers(.init(headers: [":status": "100"])))
        case .refuse(let error, let isHead): self.refuse(error, isHead: isHead)
        case .request(let head, let checked, let body): self.send(head, checked, body)
        }
    }

    private func send(_ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ body: ByteBuffer?) {
        self.takesRequest = false
        let route = self.core.configuration.routes.match(host: checked.host, path: checked.target.path)
        let number = self.core.beginRequest(of: self)
        let asked = AskedRequest(number, head, checked, route: route, began: self.core.logTime)
        self.exchange = HTTP2Exchange(asked, deadline: self.core.now + self.core.configuration.httpTimeout)
        self.core.send(head, checked, body, from: self.connection.addresses, number: number, route: route)
    }

    /// Answers by itself and takes nothing more.
    private func refuse(_ error: ErrorAnswer, isHead: Bool = false) {
        guard self.exchange == nil, self.answered == nil else { return }
        let isWhole = !self.takesRequest
        self.stopTaking()
        self.core.counters.count(error)
        let asked = AskedRequest(self.core.nextNumber(), refusedAt: self.core.logTime, isHead: isHead)
        self.exchange = HTTP2Exchange(asked, deadline: nil)
        self.answer(error)
        // The rest is not wanted, and that is no fault of the answer's (RFC 9113, 8.1).
        if !isWhole { self.reset(.noError) }
    }

    /// Drops what comes, and what was kept of it.
    private func stopTaking() {
        self.core.bodyBytes -= self.intake.bodySize
        self.intake.stop()
        self.takesRequest = false
    }

    // MARK: Writing

    func write(_ payload: HTTP2Frame.FramePayload) {
        self.connection.wrote()
        self.context?.writeAndFlush(Self.wrapOutboundOut(payload), promise: nil)
    }

    /// Writes content in pieces of one frame, so that it shows when the client takes some of it.
    func write(_ content: ArraySlice<UInt8>, isLast: Bool) {
        guard let context = self.context else { return }
        self.connection.wrote()
        var rest = ByteBuffer(bytes: content)
        repeat {
            let piece = rest.readSlice(length: min(rest.readableBytes, HTTP2Output.piece)) ?? ByteBuffer()
            let data = HTTP2Frame.FramePayload.Data(
                data: .byteBuffer(piece), endStream: isLast && rest.readableBytes == 0)
            let promise = context.eventLoop.makePromise(of: Void.self)
            let size = piece.readableBytes
            self.output.wrote(size, at: self.core.now)
            promise.futureResult.assumeIsolated().whenSuccess { self.output.left(size) }
            context.write(Self.wrapOutboundOut(.data(data)), promise: promise)
        } while rest.readableBytes > 0
        context.flush()
    }

    func reset(_ code: HTTP2ErrorCode) {
        guard let context = self.context else { return }
        context.writeAndFlush(Self.wrapOutboundOut(.rstStream(code)), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.resume() }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Lost time

    func sweep(at now: Moment) {
        self.output.look(at: now)
        let times = self.core.configuration
        if let exchange = self.exchange, let deadline = exchange.deadline, deadline <= now {
            self.core.closeReplyChannel(exchange.asked.number)
            self.fail(exchange.asked.number, .timeout)
        } else if self.takesRequest, self.began + times.bodyTimeout <= now {
            self.refuse(.slowRequest)
        } else if self.output.isStalled(for: times.clientStallTimeout, at: now) {
            self.core.counters.stalledClients += 1
            self.stall()
        }
    }

    private func stall() {
        if let exchange = self.exchange.take(), exchange.asked.route != nil {
            self.core.abandon(exchange.asked, .stalled)
        } else if let asked = self.answered.take(), asked.route != nil {
            self.core.answerWasCut(asked, .stalled)
        }
        self.reset(.cancel)
    }
}

@available(*, unavailable)
extension HTTP2Stream: Sendable {}
