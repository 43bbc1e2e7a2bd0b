import Logging
import NIOCore
import NIOHTTP1
import SeawayMessage
import SeawayNIO
import SeawayServer

/// One connection: reads a request, has it answered, and takes the next.
final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        case reading(AdminRoute, body: [UInt8])
        /// Its answer is decided; the rest of the request is thrown away, since a client that still writes would not
        /// see it.
        case refusing(AdminRefusal)
        case answering
        case tailing(AdminTail)
        case closed
    }

    private let core: AdminCore
    private let channel: any Channel
    private var state = State.idle
    private var isHead = false
    /// Of the request: one of HTTP/1.0 gets no chunks.
    private var version = HTTPVersion.http1_1
    private var keepsAlive = false
    private var inputHasEnded = false
    /// When the latest answer has left this process.
    private var written: EventLoopFuture<Void>?
    private var timer: Scheduled<Void>?
    /// Since when it is idle, or a request is coming.
    private var since: Moment
    private var output: TakenBytes

    init(_ core: AdminCore, _ channel: any Channel) {
        self.core = core
        self.channel = channel
        self.since = Moment(channel.eventLoop.now)
        self.output = TakenBytes(now: self.since)
    }

    /// Whether somebody waits for something from it.
    var isAsked: Bool {
        switch self.state {
        case .idle, .reading, .refusing, .closed: self.output.isOpen
        case .answering, .tailing: true
        }
    }

    func close() { self.channel.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.lookAgain(context) }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.giveBack()
        if case .tailing(let tail) = self.state { tail.stop() }
        self.state = .closed
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let status = HTTPResponseStatus(refusing: error) else { return self.close() }
        self.giveBack()
        self.keepsAlive = false
        switch self.state {
        case .refusing(let earlier): self.refuse(earlier, context)
        case .idle, .reading:
            self.core.count(.malformed)
            self.refuse(AdminRefusal(status, "bad-request", status.reasonPhrase), context)
        case .answering, .tailing, .closed: self.close()
        }
    }

    // MARK: Time

    private func lookAgain(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(in: .seconds(1)) {
            let (handler, context) = bound.value
            handler.look(context)
        }
    }

    private func look(_ context: ChannelHandlerContext) {
        let now = Moment(context.eventLoop.now)
        if self.output.isOpen { self.output.look(Outgoing(self.channel), at: now) }
        let patience = self.core.limits.patience
        var isLate = self.output.isStalled(for: patience, at: now)
        switch self.state {
        case .idle, .reading, .refusing: isLate = isLate || (!self.output.isOpen && self.since + patience <= now)
        case .tailing(let tail): tail.saysThatItIsThere(at: now)
        case .answering, .closed: break
        }
        guard isLate else { return self.lookAgain(context) }
        if case .idle = self.state, !self.output.isOpen {} else { self.core.count(.slow) }
        self.close()
    }

    // MARK: A request

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.begin(head, context)
        case .body(let bytes): self.add(bytes)
        case .end: self.end(context)
        }
    }

    /// The client has ended its side: what it has asked is answered all the same, but one that looks on has left.
    func inputEnded() {
        self.inputHasEnded = true
        if case .tailing = self.state { self.close() }
    }

    /// The same, behind all that it has asked.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            self.keepsAlive = false
            if case .idle = self.state { self.closeWhenWritten() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        self.core.counters.requests += 1
        // Before its fields are made anew: this is what the parser itself has read.
        let parserGoesOn = head.isKeepAlive
        var head = head
        head.headers.trimValues()
        let isHTTP10 = head.version.minor == 0
        self.version = isHTTP10 ? .http1_0 : .http1_1
        let options = head.headers.tokens("connection")
        self.keepsAlive =
            parserGoesOn && !options.contains("close") && (!isHTTP10 || options.contains("keep-alive"))
        self.isHead = head.method == .HEAD
        self.since = Moment(context.eventLoop.now)
        let awaitsGo = !isHTTP10 && head.headers.tokens("expect").contains("100-continue")
        do throws(AdminRefusal) {
            self.state = .reading(try self.route(of: head), body: [])
            guard awaitsGo else { return }
            let go = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(Self.wrapOutboundOut(.head(go)), promise: nil)
        } catch {
            self.state = .refusing(error)
            guard awaitsGo else { return }
            // The body will not come.
            self.keepsAlive = false
            self.refuse(error, context)
        }
    }

    private func route(of head: HTTPRequestHead) throws(AdminRefusal) -> AdminRoute {
        let codings = head.headers.tokens("transfer-encoding")
        let isKnown = head.headers["transfer-encoding"].isEmpty || codings == ["chunked"] && head.version.minor > 0
        guard head.hasLegalHost, isKnown else {
            self.core.count(.malformed)
            self.keepsAlive = false
            throw isKnown
                ? .badRequest("there must be one Host")
                : AdminRefusal(.notImplemented, "bad-request", "the transfer coding is not known")
        }
        let route: AdminRoute
        do throws(AdminRefusal) {
            route = try AdminRoute(head.method, head.uri)
        } catch {
            self.core.count(.malformed)
            throw error
        }
        if let refusal = self.core.access.refusal(of: head, for: route) {
            self.core.count(.unauthorized)
            throw refusal
        }
        guard route.takesBody else { return route }
        let type = (head.headers.first(name: "content-type") ?? "").split(separator: ";").first ?? ""
        guard FieldValue.trimmed(type).lowercased() == "application/json" else {
            self.core.count(.malformed)
            throw AdminRefusal(.unsupportedMediaType, "bad-request", "Content-Type must be application/json")
        }
        return route
    }

    private func add(_ bytes: ByteBuffer) {
        guard case .reading(let route, var body) = self.state else { return }
        let most = route.takesBody ? self.core.limits.maxBody : 0
        if bytes.readableBytes > most - body.count {
            self.giveBack()
            self.core.count(.tooLarge)
            self.state = .refusing(AdminRefusal(.payloadTooLarge, "size", "a body has at most \(most) bytes"))
        } else if bytes.readableBytes > self.core.limits.maxBuffered - self.core.buffered {
            self.giveBack()
            self.core.count(.noRoom)
            self.state = .refusing(AdminRefusal(.serviceUnavailable, "full", "too much is being received"))
        } else {
            // So that what is there is not copied.
            self.state = .answering
            self.core.buffered += bytes.readableBytes
            body.append(contentsOf: bytes.readableBytesView)
            self.state = .reading(route, body: body)
        }
    }

    private func giveBack() {
        if case .reading(_, let body) = self.state { self.core.buffered -= body.count }
    }

    private func end(_ context: ChannelHandlerContext) {
        switch self.state {
        case .reading(.tail(let channel, let group), _): self.beginTail(channel, group, context)
        case .reading(let route, let body): self.answer(route, body, context)
        case .refusing(let refusal): self.refuse(refusal, context)
        case .idle, .answering, .tailing, .closed: break
        }
    }

    // MARK: Its answer

    private func answer(_ route: AdminRoute, _ body: [UInt8], _ context: ChannelHandlerContext) {
        self.giveBack()
        self.state = .answering
        self.core.answer(route, body).assumeIsolated().whenComplete { result in
            // It may have gone meanwhile.
            guard case .answering = self.state else { return }
            switch result {
            case .success(let answer): self.write(answer, context)
            case .failure(let error as AdminRefusal):
                self.core.count(error.code == "bad-request" ? .malformed : .broker)
                self.refuse(error, context)
            case .failure(let error):
                self.core.logger.error("a request was not answered", metadata: ["error": "\(error)"])
                self.refuse(AdminRefusal(.internalServerError, "unavailable", "\(error)"), context)
            }
        }
    }

    private func refuse(_ refusal: AdminRefusal, _ context: ChannelHandlerContext) {
        self.write(refusal.answer, context)
    }

    private func write(_ answer: AdminAnswer, _ context: ChannelHandlerContext) {
        var fields = answer.fields.map { ($0.name, $0.value) }
        fields.append(("content-length", "\(answer.body.count)"))
        self.writeHead(answer.status, type: answer.type, fields, context)
        if !self.isHead, !answer.body.isEmpty {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil)
        }
        self.state = .idle
        self.since = Moment(context.eventLoop.now)
        self.output.wrote(at: self.since)
        self.written = context.writeAndFlush(Self.wrapOutboundOut(.end(nil)))
        if !self.keepsAlive { self.closeWhenWritten() }
    }

    private func closeWhenWritten() {
        guard let written = self.written else { return self.close() }
        let channel = self.channel
        written.whenComplete { _ in channel.close(promise: nil) }
    }

    private func writeHead(
        _ status: HTTPResponseStatus, type: String, _ fields: [(String, String)], _ context: ChannelHandlerContext
    ) {
        var head = HTTPResponseHead(version: self.version, status: status)
        head.headers.add(name: "content-type", value: type)
        for (name, value) in AdminAnswer.security + fields { head.headers.add(name: name, value: value) }
        if !self.keepsAlive { head.headers.add(name: "connection", value: "close") }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    }

    // MARK: A tail

    private func beginTail(_ channel: String, _ group: String?, _ context: ChannelHandlerContext) {
        self.giveBack()
        guard self.core.counters.tails < self.core.limits.maxTails else {
            self.core.count(.tooManyTails)
            return self.refuse(
                AdminRefusal(.serviceUnavailable, "limit", "at most \(self.core.limits.maxTails) look on"), context)
        }
        // It ends with its connection.
        self.keepsAlive = false
        self.writeHead(.ok, type: "text/event-stream", [], context)
        context.flush()
        let tail = AdminTail(self.core, self.channel) { bytes in
            self.output.wrote(at: Moment(context.eventLoop.now))
            context.writeAndFlush(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        self.state = .tailing(tail)
        tail.begin(channel, group)
        if self.inputHasEnded { self.close() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .tailing(let tail) = self.state, self.channel.isWritable { tail.isTakenAgain() }
        context.fireChannelWritabilityChanged()
    }
}

@available(*, unavailable)
extension AdminHandler: Sendable {}
