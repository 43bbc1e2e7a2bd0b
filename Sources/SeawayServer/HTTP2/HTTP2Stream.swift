import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2

/// One request and its answer on a connection of HTTP/2.
///
/// What a part of the request means is ``RequestIntake``'s to say, what a message of the answer means
/// ``AnswerStream``'s. Here their decisions are carried out, as ``HTTP1Handler`` does for HTTP/1.1.
final class HTTP2Stream {
    let id: HTTP2StreamID
    let core: ServerCore
    let connection: HTTP2Connection
    private(set) var intake: RequestIntake
    private var pace: BodyPace
    /// Whether the stream has not ended.
    private(set) var isOpen = true
    /// The request, while it is under way: sent to a worker, or refused, and not answered whole.
    var exchanges: Exchanges<HeldRequest, ByteBuffer>
    /// One whose answer is whole, while the client has yet to take it.
    var answered: AskedRequest?
    var output: HTTP2Output
    /// Whether what comes of the request is wanted.
    private(set) var takesRequest = true
    /// Whether the client has not ended its side.
    private(set) var isComingIn = true
    private(set) var isReading = false
    /// When its answer had left whose client goes on sending.
    private var lingersSince: Moment?
    /// Its client waits for leave to send the body.
    var waitsToSend = false
    /// Sends the body, where that goes in pieces.
    var body: BodySender?
    /// What is held for it.
    var memory: HeldMemory
    /// Bytes of the body that this stream has in the sum of all.
    var countedBody = 0
    var window: HTTP2Window
    var opensWindow = false
    /// What this stream may become, while a worker is asked.
    var asksForSocket = false
    var socket: SocketSession?
    /// What came for it meanwhile, within the window.
    var early = ByteBuffer()

    init(_ id: HTTP2StreamID, core: ServerCore, connection: HTTP2Connection) {
        self.id = id
        self.core = core
        self.connection = connection
        self.addresses = connection.addresses
        self.memory = HeldMemory(core.memory, address: core.charged(connection.addresses))
        self.intake = RequestIntake(
            check: RequestCheck(core.configuration), maxInline: core.configuration.bodyInline, isHTTP2: true)
        self.exchanges = Exchanges(maxWaiting: core.configuration.maxUnsent)
        self.pace = BodyPace(now: core.now)
        let limits = core.configuration.http2
        self.output = HTTP2Output(now: core.now, maxUnsent: limits.maxUnsent, resumeBelow: limits.resumeBelow)
        self.window = HTTP2Window(size: limits.streamWindow)
    }

    /// With what trusted proxies say of this request.
    private(set) var addresses: ConnectionAddresses
    var isWritable: Bool {
        self.isOpen && !self.output.isFull && self.connection.isWritable && !self.memory.isOver
    }

    // MARK: The stream

    /// The stream has ended, in whatever way, and its connection knows it no more.
    func clientLeft() {
        self.isOpen = false
        self.isComingIn = false
        self.socket.take()?.clientLeft()
        self.stopTaking()
        self.memory.release()
        self.connection.streamEnded()
        let ending = self.connection.ending
        self.leave(ending, isCut: ending != .left && self.output.isOpen)
    }

    /// Something else carries it from now on.
    func handOver() -> HTTP2Tunnel {
        self.isOpen = false
        self.memory.release()
        return HTTP2Tunnel(on: self.connection, window: self.window, early: self.early)
    }

    /// Nobody waits for the answer any more.
    ///
    /// - Parameter isCut: one that is whole is cut by that.
    private func leave(_ ending: RequestEnd, isCut: Bool) {
        if let exchange = self.exchanges.removeAll().first {
            self.endBody(exchange.number)
            if exchange.request.asked.route != nil {
                self.core.abandon(exchange.request.asked, ending)
            } else {
                self.core.endRequest(exchange.request.asked, cut: ending)
            }
        } else if isCut, let asked = self.answered, asked.route != nil {
            self.core.answerWasCut(asked, ending)
        }
        self.answered = nil
    }

    // MARK: The request

    func read(_ payload: HTTP2Frame.FramePayload) {
        switch payload {
        case .headers(let headers):
            if self.takesRequest, self.intake.isBetweenRequests { self.begin(headers) }
            if headers.endStream { self.endOfRequest() }
        case .data(let data):
            self.isReading = !data.endStream
            self.window.came(data)
            if case .byteBuffer(let bytes) = data.data, bytes.readableBytes > 0 {
                self.pace.came(bytes.readableBytes, at: self.core.now)
                self.take(bytes)
            }
            if data.endStream { self.endOfRequest() }
        default: break
        }
    }

    /// All that has come with its last frame was read.
    func readComplete() {
        self.isReading = false
        self.openWindow()
    }

    private func begin(_ headers: HTTP2Frame.FramePayload.Headers) {
        let fields = headers.headers
        guard fields.count <= self.core.configuration.maxRequestFields else { return self.refuse(.headTooLarge) }
        guard let request = HTTP2RequestHead(fields) else { return self.refuse(.syntax) }
        guard !self.connection.isOverShare else { return self.refuse(.noMemory, isHead: request.head.method == .HEAD) }
        var head = request.head
        self.addresses = self.core.configuration.forwarding.apply(to: &head, on: self.connection.addresses)
        if let name = request.asksFor { return self.begin(head, asksFor: name, isWhole: headers.endStream) }
        self.take(.head(head))
    }

    private func take(_ bytes: ByteBuffer) {
        if self.socket == nil { self.take(.body(bytes)) } else { self.early.writeImmutableBuffer(bytes) }
    }

    private func endOfRequest() {
        self.isComingIn = false
        self.take(.end(nil))
        self.takesRequest = false
        self.leaveSocket()
    }

    func take(_ part: HTTPServerRequestPart) {
        guard self.takesRequest else { return }
        let event = self.intake.take(part)
        self.countBody()
        switch event {
        case .none: if case .body = part { self.bodyGrew() }
        case .clientWaitsToSend: self.write(.headers(.init(headers: [":status": "100"])))
        case .refuse(let error, let isHead): self.refuse(error, isHead: isHead)
        case .request(let head, let checked, let body):
            self.takesRequest = false
            guard !self.asksForSocket else { return self.askForSocket(head, checked) }
            self.send(head, checked, body)
        case .begins(let head, let checked, let first):
            self.beginBody(head, checked, first)
        case .piece(let piece):
            self.bodyCame(piece)
            self.bodyGrew()
        case .ends: self.bodyCameWhole()
        }
    }

    private func bodyGrew() {
        guard !self.core.bodies.isOver else { return self.refuse(.noRoomForBody) }
        if self.memory.isOver { self.refuse(.noMemory) }
    }

    /// The client is not late: its time begins anew.
    func nothingIsOwed() { self.pace = BodyPace(now: self.core.now) }

    /// Answers by itself and takes nothing more.
    func refuse(_ error: ErrorAnswer, isHead: Bool = false) {
        guard self.answered == nil, !self.refuseRest(error) else { return }
        self.stopTaking()
        self.core.counters.count(error)
        let asked = AskedRequest(
            self.core.nextNumber(), refusedAt: self.core.eventLoop.now, client: self.addresses.client?.host,
            isHead: isHead)
        self.exchanges.begin(asked.number, HeldRequest(refused: asked), deadline: nil)
        self.answer(error, at: 0)
    }

    /// Drops what comes, and what was kept of it.
    func stopTaking() {
        self.intake.stop()
        self.countBody()
        self.takesRequest = false
        self.waitsToSend = false
    }

    // MARK: Writing

    func write(_ payload: HTTP2Frame.FramePayload) {
        guard self.isOpen else { return }
        self.connection.write(payload, on: self.id)
    }

    func write(_ head: HPACKHeaders, isLast: Bool) {
        guard self.isOpen else { return }
        self.connection.write(
            .headers(.init(headers: head, endStream: isLast)), on: self.id, promise: isLast ? self.answerLeft() : nil)
    }

    /// Writes content in pieces of one frame, so that it shows when the client takes some of it.
    func write(_ content: ArraySlice<UInt8>, isLast: Bool) {
        guard self.isOpen else { return }
        var rest = ByteBuffer(bytes: content)
        repeat {
            let piece = rest.readSlice(length: min(rest.readableBytes, HTTP2Output.piece)) ?? ByteBuffer()
            let isEnd = isLast && rest.readableBytes == 0
            self.output.wrote(piece.readableBytes, at: self.core.now)
            self.connection.write(
                .data(.init(data: .byteBuffer(piece), endStream: isEnd)), on: self.id,
                promise: isEnd ? self.answerLeft() : nil)
        } while rest.readableBytes > 0
        self.countOutput()
    }

    /// Keeps the sum of what waits for the client.
    func countOutput() { self.memory.set(.output, to: self.isOpen ? self.output.outgoing.waiting : 0) }

    /// The rest of what the client sends is not wanted; behind the answer it has a while to see that, and to end the
    /// stream by itself (Z8).
    ///
    /// - Returns: for the answer's last frame, where the client goes on sending.
    private func answerLeft() -> EventLoopPromise<Void>? {
        guard self.isComingIn else { return nil }
        let promise = self.core.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess {
            guard self.isComingIn else { return }
            self.stopTaking()
            self.lingersSince = self.core.now
        }
        return promise
    }

    func reset(_ code: HTTP2ErrorCode) { self.write(.rstStream(code)) }

    /// The client may have taken some of what waited for it.
    func becameWritable() { if self.isWritable { self.resumeFirst() } }

    // MARK: Lost time

    func sweep(at now: Moment) {
        self.output.look(at: now)
        self.countOutput()
        if self.exchanges.first?.isPaused ?? false { self.becameWritable() }
        let times = self.core.configuration
        self.failOverdue(at: now)
        if let since = self.lingersSince, self.isComingIn, since + times.lingerTimeout <= now {
            // That is no fault (RFC 9113, 8.1).
            self.lingersSince = nil
            return self.reset(.noError)
        }
        // While the server itself does not let it send, the client owes nothing.
        if self.waitsToSend || self.window.isClosed { self.nothingIsOwed() }
        if self.takesRequest, let limit = self.pace.limit(at: now, times) {
            self.core.timeIsOver(limit, self.addresses)
            self.refuse(.slowRequest)
        } else if self.output.isStalled(for: times.clientStallTimeout, at: now) {
            self.core.timeIsOver(.stall, self.addresses)
            self.core.counters.stalledClients += 1
            self.leave(.stalled, isCut: true)
            self.reset(.cancel)
        }
    }
}

@available(*, unavailable)
extension HTTP2Stream: Sendable {}
