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

    private let core: AdminCore
    private let channel: any Channel
    private var request = WholeRequest<AdminRoute, AdminRefusal>()
    private var isHead = false
    /// The answer goes on as long as the connection.
    private var tail: AdminTail?
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
        self.request.isAnswering || self.output.isOpen
    }

    func close() { self.channel.close(promise: nil) }

    func handlerAdded(context: ChannelHandlerContext) { self.lookAgain(context) }

    func channelInactive(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.tail?.stop()
        self.core.buffered -= self.request.close()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let status = HTTPResponseStatus(refusing: error) else { return self.close() }
        self.request.keepsAlive = false
        switch self.request.state {
        case .refusing(let earlier): self.refuse(earlier, context)
        case .idle, .reading:
            self.core.count(.malformed)
            self.refuse(AdminRefusal(status, "bad-request", status.reasonPhrase), context)
        case .answering, .closed: self.close()
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
        switch self.request.state {
        case .idle, .reading, .refusing: isLate = isLate || (!self.output.isOpen && self.since + patience <= now)
        case .answering: self.tail?.saysThatItIsThere(at: now)
        case .closed: break
        }
        guard isLate else { return self.lookAgain(context) }
        if !self.request.isIdle || self.output.isOpen { self.core.count(.slow) }
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
        if self.tail != nil { self.close() }
    }

    /// The same, behind all that it has asked.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            self.request.keepsAlive = false
            if self.request.isIdle { self.closeWhenWritten() }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        self.core.counters.requests += 1
        let head = self.request.begin(head)
        self.isHead = head.method == .HEAD
        self.since = Moment(context.eventLoop.now)
        do throws(AdminRefusal) {
            self.request.read(try self.route(of: head))
            guard self.request.awaitsGo else { return }
            let go = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(Self.wrapOutboundOut(.head(go)), promise: nil)
        } catch {
            self.drop(error)
            guard self.request.awaitsGo else { return }
            // The body will not come.
            self.request.keepsAlive = false
            self.refuse(error, context)
        }
    }

    private func route(of head: HTTPRequestHead) throws(AdminRefusal) -> AdminRoute {
        let codings = head.headers.tokens("transfer-encoding")
        let isKnown = head.headers["transfer-encoding"].isEmpty || codings == ["chunked"] && head.version.minor > 0
        guard head.hasLegalHost, isKnown else {
            self.core.count(.malformed)
            self.request.keepsAlive = false
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
        guard case .reading(let route) = self.request.state else { return }
        let most = route.takesBody ? self.core.limits.maxBody : 0
        switch self.request.add(bytes, most: most, left: self.core.limits.maxBuffered - self.core.buffered) {
        case .taken: self.core.buffered += bytes.readableBytes
        case .dropped: break
        case .tooLarge:
            self.core.count(.tooLarge)
            self.drop(AdminRefusal(.payloadTooLarge, "size", "a body has at most \(most) bytes"))
        case .full:
            self.core.count(.noRoom)
            self.drop(AdminRefusal(.serviceUnavailable, "full", "too much is being received"))
        }
    }

    /// Its rest is thrown away.
    private func drop(_ refusal: AdminRefusal) { self.core.buffered -= self.request.refuse(refusal) }

    private func end(_ context: ChannelHandlerContext) {
        switch self.request.state {
        case .reading(.tail(let channel, let group)): self.beginTail(channel, group, context)
        case .reading(let route): self.answer(route, context)
        case .refusing(let refusal): self.refuse(refusal, context)
        case .idle, .answering, .closed: break
        }
    }

    // MARK: Its answer

    private func answer(_ route: AdminRoute, _ context: ChannelHandlerContext) {
        let body = self.request.answer()
        self.core.buffered -= body.count
        self.core.answer(route, body).assumeIsolated().whenComplete { result in
            // It may have gone meanwhile.
            guard self.request.isAnswering else { return }
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
        self.core.buffered -= self.request.end()
        self.since = Moment(context.eventLoop.now)
        self.output.wrote(at: self.since)
        self.written = context.writeAndFlush(Self.wrapOutboundOut(.end(nil)))
        if !self.request.keepsAlive { self.closeWhenWritten() }
    }

    private func closeWhenWritten() {
        guard let written = self.written else { return self.close() }
        let channel = self.channel
        written.whenComplete { _ in channel.close(promise: nil) }
    }

    private func writeHead(
        _ status: HTTPResponseStatus, type: String, _ fields: [(String, String)], _ context: ChannelHandlerContext
    ) {
        var head = HTTPResponseHead(version: self.request.isHTTP10 ? .http1_0 : .http1_1, status: status)
        head.headers.add(name: "content-type", value: type)
        for (name, value) in AdminAnswer.security + fields { head.headers.add(name: name, value: value) }
        if !self.request.keepsAlive { head.headers.add(name: "connection", value: "close") }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    }

    // MARK: A tail

    private func beginTail(_ channel: String, _ group: String?, _ context: ChannelHandlerContext) {
        guard self.core.counters.tails < self.core.limits.maxTails else {
            self.core.count(.tooManyTails)
            return self.refuse(
                AdminRefusal(.serviceUnavailable, "limit", "at most \(self.core.limits.maxTails) look on"), context)
        }
        // It ends with its connection.
        self.request.keepsAlive = false
        self.writeHead(.ok, type: "text/event-stream", [], context)
        context.flush()
        let tail = AdminTail(self.core, self.channel) { bytes in
            self.output.wrote(at: Moment(context.eventLoop.now))
            context.writeAndFlush(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
        }
        self.core.buffered -= self.request.answer().count
        self.tail = tail
        tail.begin(channel, group)
        if self.inputHasEnded { self.close() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if self.channel.isWritable { self.tail?.isTakenAgain() }
        context.fireChannelWritabilityChanged()
    }
}

@available(*, unavailable)
extension AdminHandler: Sendable {}
