import NIOCore
import NIOHTTP1
import SeawayMessage
import SeawayNIO

/// One connection: reads a request, has its message sent, answers, and takes the next.
final class HTTPBridgeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let core: HTTPBridgeCore
    private let channel: any Channel
    private var request = WholeRequest<HTTPIntake, HTTPVerdict>()
    private var limit: Scheduled<Void>?

    init(_ core: HTTPBridgeCore, _ channel: any Channel) {
        self.core = core
        self.channel = channel
    }

    func handlerAdded(context: ChannelHandlerContext) { self.limitWait(self.core.configuration.keepAlive) }

    func channelInactive(context: ChannelHandlerContext) {
        self.limit?.cancel()
        self.core.buffered -= self.request.close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let verdict = HTTPVerdict(refusing: error) else { return self.close() }
        self.request.keepsAlive = false
        switch self.request.state {
        case .refusing(let earlier): self.answer(earlier, context)
        case .idle, .reading: self.answer(verdict, context)
        case .answering, .closed: self.close()
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
            self.request.keepsAlive = false
            // What it has yet to take is left to the limit that runs already.
            if self.request.isIdle, self.unsent == 0 { self.close() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func close() { self.channel.close(promise: nil) }

    func closeIfIdle() {
        if self.request.isIdle { self.close() }
    }

    // MARK: A request

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let head = self.request.begin(head)
        self.limitWait(self.core.configuration.bodyTimeout)
        let fault = HTTPIntakeRule.fault(of: head)
        if fault != nil { self.request.keepsAlive = false }
        switch fault.map({ .refuse($0) }) ?? self.core.configuration.rule.decision(for: head) {
        case .refuse(let verdict) where self.request.awaitsGo:
            // The body will not come.
            self.request.keepsAlive = false
            self.answer(verdict, context)
        case .refuse(let verdict): self.drop(verdict)
        case .read(let intake):
            self.request.read(intake)
            guard self.request.awaitsGo else { return }
            let go = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(Self.wrapOutboundOut(.head(go)), promise: nil)
        }
    }

    private func add(_ bytes: ByteBuffer) {
        let most = self.core.configuration.rule.maxBody
        switch self.request.add(bytes, most: most, left: self.core.configuration.maxBuffered - self.core.buffered) {
        case .taken: self.core.buffered += bytes.readableBytes
        case .dropped: break
        case .tooLarge: self.drop(.tooLarge(limit: most, given: 0))
        case .full: self.drop(.unavailable(BridgeDrop.overflow.rawValue))
        }
    }

    /// Its rest is thrown away.
    private func drop(_ verdict: HTTPVerdict) { self.core.buffered -= self.request.refuse(verdict) }

    private func end(_ context: ChannelHandlerContext) {
        switch self.request.state {
        case .reading(let intake): self.send(intake, context)
        case .refusing(let verdict): self.answer(verdict, context)
        case .idle, .answering, .closed: break
        }
    }

    private func send(_ intake: HTTPIntake, _ context: ChannelHandlerContext) {
        self.limit?.cancel()
        let body = self.request.answer()
        self.core.buffered -= body.count
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
        guard self.request.isAnswering else { return }
        self.answer(HTTPVerdict(answer), context)
    }

    // MARK: Its answer

    private func answer(_ verdict: HTTPVerdict, _ context: ChannelHandlerContext) {
        if let drop = verdict.drop { self.core.tally.drop(drop, "HTTP \(verdict.status.code)") }
        if self.core.isLeaving { self.request.keepsAlive = false }
        let body = ByteBuffer(bytes: verdict.body.payload.json + [UInt8(ascii: "\n")])
        var head = HTTPResponseHead(version: .http1_1, status: verdict.status)
        head.headers.add(name: "content-type", value: "application/json")
        head.headers.add(name: "content-length", value: "\(body.readableBytes)")
        if let field = verdict.field { head.headers.add(name: field.name, value: field.value) }
        if !self.request.keepsAlive { head.headers.add(name: "connection", value: "close") }
        self.core.buffered -= self.request.end()
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let keepsAlive = self.request.keepsAlive
        let channel = self.channel
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil))).whenComplete { _ in
            if !keepsAlive { channel.close(promise: nil) }
        }
        self.limitWait(self.core.configuration.keepAlive)
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
