import NIOCore
import NIOHTTP1
import SeawayMessage
import SeawayNIO

/// One connection: reads a request, has its message sent, answers, and takes the next.
final class HTTPBridgeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        case reading(HTTPIntake, body: [UInt8])
        /// Its answer is decided; the rest of the request is thrown away, since a client that still writes would not
        /// see it.
        case refusing(HTTPVerdict)
        case sending
        case closed
    }

    private let core: HTTPBridgeCore
    private let channel: any Channel
    private var state = State.idle
    private var keepsAlive = false
    private var limit: Scheduled<Void>?

    init(_ core: HTTPBridgeCore, _ channel: any Channel) {
        self.core = core
        self.channel = channel
    }

    func handlerAdded(context: ChannelHandlerContext) { self.limitWait(self.core.configuration.keepAlive) }

    func channelInactive(context: ChannelHandlerContext) {
        self.limit?.cancel()
        self.giveBack()
        self.state = .closed
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let verdict = HTTPVerdict(refusing: error) else { return self.close() }
        self.giveBack()
        self.keepsAlive = false
        switch self.state {
        case .refusing(let earlier): self.answer(earlier, context)
        case .idle, .reading: self.answer(verdict, context)
        case .sending, .closed: self.close()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.begin(head, context)
        case .body(let bytes): self.add(bytes)
        case .end: self.end(context)
        }
    }

    /// A client that sends nothing more is answered all the same.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            self.keepsAlive = false
            // What it has yet to take is left to the limit that runs already.
            if case .idle = self.state, self.unsent == 0 { self.close() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func close() { self.channel.close(promise: nil) }

    func closeIfIdle() {
        if case .idle = self.state { self.close() }
    }

    // MARK: A request

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        // Before its fields are made anew: this is what the parser itself has read.
        let parserGoesOn = head.isKeepAlive
        var head = head
        head.headers.trimValues()
        let isHTTP10 = head.version.minor == 0
        let options = head.headers.tokens("connection")
        self.keepsAlive = parserGoesOn && !options.contains("close") && (!isHTTP10 || options.contains("keep-alive"))
        self.limitWait(self.core.configuration.bodyTimeout)
        let awaitsGo = !isHTTP10 && head.headers.tokens("expect").contains("100-continue")
        let fault = HTTPIntakeRule.fault(of: head)
        if fault != nil { self.keepsAlive = false }
        switch fault.map({ .refuse($0) }) ?? self.core.configuration.rule.decision(for: head) {
        case .refuse(let verdict) where awaitsGo:
            // The body will not come.
            self.keepsAlive = false
            self.answer(verdict, context)
        case .refuse(let verdict): self.state = .refusing(verdict)
        case .read(let intake):
            self.state = .reading(intake, body: [])
            guard awaitsGo else { return }
            let go = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(Self.wrapOutboundOut(.head(go)), promise: nil)
        }
    }

    private func add(_ bytes: ByteBuffer) {
        guard case .reading(let intake, var body) = self.state else { return }
        if bytes.readableBytes > self.core.configuration.rule.maxBody - body.count {
            self.giveBack()
            self.state = .refusing(.tooLarge(limit: self.core.configuration.rule.maxBody, given: 0))
        } else if bytes.readableBytes > self.core.configuration.maxBuffered - self.core.buffered {
            self.giveBack()
            self.state = .refusing(.unavailable(BridgeDrop.overflow.rawValue))
        } else {
            // So that what is there is not copied.
            self.state = .sending
            self.core.buffered += bytes.readableBytes
            body.append(contentsOf: bytes.readableBytesView)
            self.state = .reading(intake, body: body)
        }
    }

    private func end(_ context: ChannelHandlerContext) {
        switch self.state {
        case .reading(let intake, let body): self.send(intake, body, context)
        case .refusing(let verdict): self.answer(verdict, context)
        case .idle, .sending, .closed: break
        }
    }

    private func send(_ intake: HTTPIntake, _ body: [UInt8], _ context: ChannelHandlerContext) {
        self.limit?.cancel()
        self.giveBack()
        self.state = .sending
        if let verdict = self.core.configuration.rule.signatureFault(intake, body) {
            return self.answer(verdict, context)
        }
        guard let payload = BridgePayload(intake.format).payload(body, from: intake.source) else {
            return self.answer(.malformed, context)
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.core.layer.send(payload, to: intake.destination) { answer in
            bound.eventLoop.execute {
                let (handler, context) = bound.value
                handler.sent(answer, context)
            }
        }
    }

    private func sent(_ answer: DestinationAnswer, _ context: ChannelHandlerContext) {
        if case .sent(let counts) = answer { self.core.tally.countSent(counts) }
        // It may have gone meanwhile.
        guard case .sending = self.state else { return }
        self.answer(HTTPVerdict(answer), context)
    }

    // MARK: Its answer

    private func answer(_ verdict: HTTPVerdict, _ context: ChannelHandlerContext) {
        if let drop = verdict.drop { self.core.tally.drop(drop, "HTTP \(verdict.status.code)") }
        self.keepsAlive = self.keepsAlive && !self.core.isLeaving
        let body = ByteBuffer(bytes: verdict.body.payload.json + [UInt8(ascii: "\n")])
        var head = HTTPResponseHead(version: .http1_1, status: verdict.status)
        head.headers.add(name: "content-type", value: "application/json")
        head.headers.add(name: "content-length", value: "\(body.readableBytes)")
        if let field = verdict.field { head.headers.add(name: field.name, value: field.value) }
        if !self.keepsAlive { head.headers.add(name: "connection", value: "close") }
        self.state = .idle
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let keepsAlive = self.keepsAlive
        let channel = self.channel
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in
            if !keepsAlive { channel.close(promise: nil) }
        }
        self.limitWait(self.core.configuration.keepAlive)
    }

    private func giveBack() {
        if case .reading(_, let body) = self.state { self.core.buffered -= body.count }
    }

    private func limitWait(_ time: Duration) {
        self.limit?.cancel()
        let bound = NIOLoopBound(self, eventLoop: self.channel.eventLoop)
        let waiting = self.unsent
        self.limit = self.channel.eventLoop.scheduleTask(in: TimeAmount(time)) {
            // A client that takes its answers, slowly as it may be, is not cut off.
            if bound.value.unsent < waiting { bound.value.limitWait(time) } else { bound.value.close() }
        }
    }

    /// Bytes of answers that this process still holds.
    private var unsent: Int { (try? self.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
}

@available(*, unavailable)
extension HTTPBridgeHandler: Sendable {}
