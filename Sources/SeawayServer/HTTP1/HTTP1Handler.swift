import NIOCore
import NIOHTTP1
import SeawayNIO

/// One HTTP/1.1 connection: brings its requests to the core, and answers to it.
///
/// What a part of a request means is ``RequestIntake``'s to say, what a message of an answer means ``AnswerStream``'s,
/// whose turn it is ``Exchanges``', and how long to wait ``ConnectionClock``'s. Here their decisions are carried out.
final class HTTP1Handler: ChannelDuplexHandler, RemovableChannelHandler, ServerConnection {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let core: ServerCore
    var intake: RequestIntake
    var exchanges: Exchanges<HeldRequest, ByteBuffer>
    var clock: ConnectionClock
    /// Whether the client takes what is written to it.
    var output: TakenBytes
    /// Whether the client has ended its sending side.
    var clientEnd = ClientEnd()
    private let framing: RequestFraming
    /// Why the connection ends, if it does before an answer is whole.
    private var ending = RequestEnd.left
    /// The last request whose answer was handed to the channel whole: it may be cut all the same.
    var lastAnswered: AskedRequest?
    /// `nil` before the connection is there and after it is gone.
    private(set) var context: ChannelHandlerContext?
    /// Both ends of the connection.
    private var connection = ConnectionAddresses()
    /// The same for the request that comes in, whose client may be another's.
    private(set) var addresses = ConnectionAddresses()
    /// What came in one read behind the requests that fill the connection's places; nothing more is read until it was
    /// taken.
    let pipelined: PipelinedInput
    /// The same, of what was parsed with them.
    private(set) var held = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 0)
    /// What is to be said behind all that is held back: what came behind it is no request.
    private var heldRefusal: ErrorAnswer?
    private var takesHeld = false
    private(set) var readIsHeld = false
    private var sawPart = false
    var waitsToSend = false
    /// Bodies that go to their readers in pieces, by their requests' numbers, and the one that still comes in.
    var bodies: [UInt64: BodySender] = [:]
    var incoming: UInt64?
    /// Bytes of bodies that this connection has in the sum of all.
    var countedBody = 0
    /// All that is held for its client.
    var memory: HeldMemory
    /// Requests that may begin now, without another turn (I37).
    var credit = 0
    var isInLine = false
    /// Bytes of a head that has yet to come whole.
    var unparsed = 0
    var readTurn = ReadTurn()
    /// What this connection may become, while a worker is asked.
    var socket: SocketSession?
    /// A request to become a WebSocket, behind others that are not answered yet.
    var waitingUpgrade: (HTTPRequestHead, RequestCheck.Head)?

    /// Bytes that are parsed at a time between requests; fewer of a client that has sent one behind the other.
    private var slice = 4_096
    private static let sliceOfPipelined = 256
    /// The same of a body that may end at any of them.
    private static let sliceOfBody = 16_384
    /// More parts than one of these slices can hold: nobody has so many.
    private static let maxHeld = 16_384

    /// What has held this connection's place before, until it is taken.
    private var predecessor: (any ServerConnection)?

    /// - Parameter predecessor: what has held this connection's place before.
    init(
        core: ServerCore, framing: RequestFraming, pipelined: PipelinedInput,
        inPlaceOf predecessor: (any ServerConnection)? = nil
    ) {
        self.core = core
        self.framing = framing
        self.pipelined = pipelined
        self.predecessor = predecessor
        self.intake = RequestIntake(
            check: RequestCheck(core.configuration), maxInline: core.configuration.bodyInline)
        self.exchanges = Exchanges(maxWaiting: core.configuration.maxUnsent)
        self.clock = ConnectionClock(now: core.now)
        self.output = TakenBytes(now: core.now)
        self.memory = HeldMemory(core.memory)
    }

    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    // MARK: The connection

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.pipelined.ask(self)
        if context.channel.isActive { self.enter(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.enter(context)
        context.fireChannelActive()
    }

    private func enter(_ context: ChannelHandlerContext) {
        self.connection = self.core.addresses(of: context.channel)
        self.addresses = self.connection
        self.memory = HeldMemory(self.core.memory, address: self.core.charged(self.connection))
        let hasPlace = self.predecessor.take().map { self.core.enter(self, inPlaceOf: $0) } ?? self.core.enter(self)
        guard hasPlace else { return self.turnAway(.tooManyConnections, context) }
        guard !self.core.countOfAddress(self.connection, context.channel) else { return }
        self.core.leave(self)
        self.turnAway(.tooManyOfAddress, context)
    }

    private func turnAway(_ error: ErrorAnswer, _ context: ChannelHandlerContext) {
        self.stopReading()
        self.write(self.core.writer.error(error, isHead: false, connection: .close))
        context.flush()
        // At once, because a connection without a place is not watched.
        context.closeAtOnce()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.clientLeft()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.clientLeft()
        self.context = nil
    }

    private func clientLeft() {
        self.stopReading()
        self.core.leave(self)
        for number in self.bodies.keys { self.endBody(number) }
        self.socket.take()?.clientLeft()
        self.memory.release()
        for exchange in self.exchanges.removeAll() {
            guard exchange.request.asked.route != nil else {
                if !exchange.isComplete { self.core.endRequest(exchange.request.asked, cut: self.ending) }
                continue
            }
            if !exchange.isComplete {
                self.core.abandon(exchange.request.asked, self.ending)
            } else if self.ending != .left {
                self.core.answerWasCut(exchange.request.asked, self.ending)
            }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let answer: ErrorAnswer
        switch error {
        case HTTPParserError.headerOverflow: answer = .headTooLarge
        case is RequestLine.TooLong: answer = .targetTooLong
        case is RequestFraming.ChunkOverhead: answer = .chunkOverhead
        case HTTPParserError.invalidMethod: answer = .method
        case HTTPParserError.invalidEOFState:
            self.clientEnd.came(at: self.core.now)
            answer = .incomplete
        case is HTTPParserError: answer = .syntax
        case is ByteToMessageDecoderError: return
        default: return context.close(promise: nil)
        }
        // Without a client there is nobody to tell, and after a refusal it was told.
        guard context.channel.isActive, !self.intake.isStopped else { return }
        if self.held.isEmpty { self.refuse(answer) } else { self.heldRefusal = answer }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.countOutput()
        if context.channel.isWritable {
            if !self.memory.isOver { self.resumeFirst() }
            self.goOnReading()
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Reading

    /// Whether there is a place for another request; there is none behind answers that wait for the client (I20).
    private var hasPlace: Bool { self.exchanges.count < self.core.configuration.maxPipelined && !self.isBehind }

    /// Whether the client takes less than it is sent.
    private var isBehind: Bool { !(self.context?.channel.isWritable ?? true) }

    /// Whether what the client sends next can be taken.
    private var mayRead: Bool { self.intake.isBetweenRequests ? self.hasPlace : self.bodyHasRoom }

    func read(context: ChannelHandlerContext) {
        self.readIsHeld = !self.intake.isStopped && !(self.holdsNothing && self.mayRead && self.isTurnToRead())
        if self.readIsHeld { self.clock.readingWasHeld(at: self.core.now) } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.sawPart = true
        self.unparsed = 0
        let part = Self.unwrapInboundIn(data)
        if case .head(let head) = part { self.framing.headCame(head) }
        guard self.held.isEmpty, !self.intake.isBetweenRequests || (self.hasPlace && self.mayBegin()) else {
            return self.hold(part)
        }
        self.take(part)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !self.sawPart { self.clock.bytesCame(at: self.core.now) }
        if self.unparsed > 0 || self.memory.bytes(of: .input) > 0 { self.countInput() }
        self.sawPart = false
        context.fireChannelReadComplete()
    }

    private func hold(_ part: HTTPServerRequestPart) {
        guard self.held.count < Self.maxHeld else {
            self.context?.close(promise: nil)
            return
        }
        self.held.append(part)
        self.slice = Self.sliceOfPipelined
    }

    /// Takes what was held back, as far as there are places, and reads on.
    func goOnReading() {
        // An answer that is there at once comes back here: the loop below goes on, no second one begins.
        guard !self.takesHeld else { return }
        self.takesHeld = true
        while !self.held.isEmpty, !self.intake.isBetweenRequests || (self.hasPlace && self.mayBegin()) {
            self.take(self.held.removeFirst())
        }
        self.takesHeld = false
        if self.held.isEmpty, let refusal = self.heldRefusal.take() { return self.refuse(refusal) }
        self.pipelined.goOn()
        self.countInput()
        guard self.readIsHeld, self.holdsNothing, self.mayRead, self.isTurnToRead() else { return }
        self.readIsHeld = false
        self.context?.read()
    }

    /// How many of so many bytes that have come may be parsed now: few where the last request for which there is a
    /// place may end in them.
    func roomForInput(of bytes: Int) -> Int {
        guard !self.intake.isStopped else { return bytes }
        guard self.held.isEmpty else { return 0 }
        guard self.intake.isBetweenRequests else {
            return min(bytes, max(self.intake.bodyLeft ?? Self.sliceOfBody, self.slice))
        }
        return self.hasPlace && self.mayBegin() ? min(bytes, self.slice) : 0
    }

    private var holdsNothing: Bool { self.held.isEmpty && self.pipelined.isEmpty }

    /// Whether nothing of a request is here that was not sent to a worker.
    var isBetweenRequests: Bool { self.intake.isBetweenRequests && self.holdsNothing }

    private func take(_ part: HTTPServerRequestPart) {
        var part = part
        if case .head(var head) = part, !self.intake.isStopped {
            self.credit -= 1
            if self.slice != Self.sliceOfPipelined { self.core.oneAsks() }
            if self.memory.isOver { return self.refuse(.noMemory, isHead: head.method == .HEAD) }
            self.addresses = self.core.configuration.forwarding.apply(to: &head, on: self.connection)
            part = .head(head)
        }
        let event = self.intake.take(part)
        self.countBody()
        self.carryOut(event, part)
    }

    private func carryOut(_ event: RequestIntake.Event, _ part: HTTPServerRequestPart) {
        switch event {
        case .none:
            if case .head = part { self.clock.headCame(at: self.core.now) }
            if case .body(let piece) = part { self.bodyGrew(piece.readableBytes) }
        case .clientWaitsToSend:
            self.clock.headCame(at: self.core.now)
            self.waitsToSend = true
            self.letClientSend()
        case .refuse(let error, let isHead): self.refuse(error, isHead: isHead)
        case .request(let head, let checked, let body): self.requestCame(head, checked, body)
        case .begins(let head, let checked, let first): self.beginBody(head, checked, first)
        case .piece(let piece):
            self.bodyCame(piece)
            self.bodyGrew(piece.readableBytes)
        case .ends(let staysOpen): self.bodyCameWhole(staysOpen: staysOpen)
        }
    }

    private func bodyGrew(_ bytes: Int) {
        self.clock.bodyCame(bytes, at: self.core.now)
        self.waitsToSend = false
        guard !self.core.bodies.isOver else { return self.refuse(.noRoomForBody) }
        if self.memory.isOver { self.refuse(.noMemory) }
    }

    /// Sends `100 Continue` when it is its turn.
    func letClientSend() {
        guard self.waitsToSend, self.exchanges.isEmpty, let context = self.context else { return }
        self.waitsToSend = false
        self.write(self.core.writer.goOn())
        context.flush()
    }

    /// The same of a body in pieces, behind the requests before it, once its reader asks.
    func letReaderHaveBody() {
        guard self.waitsToSend, let first = self.exchanges.first, first.number == self.incoming,
            !first.stream.hasBegun, self.bodies[first.number]?.stream.isAsked ?? false, let context = self.context
        else { return }
        self.waitsToSend = false
        self.write(self.core.writer.goOn())
        context.flush()
    }

    private func requestCame(_ head: HTTPRequestHead, _ checked: RequestCheck.Head, _ body: ByteBuffer?) {
        let now = self.core.now
        self.clock.requestCame(at: now)
        if !checked.staysOpen { self.clock.readingStopped(at: now) }
        self.waitsToSend = false
        guard !checked.asksForWebSocket else { return self.askForSocket(head, checked) }
        self.send(head, checked, body)
    }

    /// Answers by itself and reads nothing more.
    func refuse(_ error: ErrorAnswer, isHead: Bool = false) {
        guard !self.refuseRest(error) else { return }
        self.stopReading()
        self.clock.readingStopped(at: self.core.now)
        self.core.counters.count(error)
        let asked = AskedRequest(
            self.core.nextNumber(), refusedAt: self.core.eventLoop.now, client: self.addresses.client?.host,
            isHead: isHead)
        self.exchanges.begin(asked.number, HeldRequest(refused: asked), deadline: nil)
        self.answer(error, at: self.exchanges.count - 1)
    }

    /// Drops what comes, and what was kept of it.
    func stopReading() {
        self.intake.stop()
        if let number = self.incoming.take() { self.endBody(number) }
        self.countBody()
        self.held.removeAll()
        self.pipelined.drop()
        self.heldRefusal = nil
        self.waitsToSend = false
    }

    // MARK: Writing

    /// Writes without flushing.
    func write(_ bytes: ByteBuffer) {
        self.output.wrote(at: self.core.now)
        let size = bytes.readableBytes
        self.context?.write(self.wrapOutboundOut(bytes), promise: nil)
        if size >= Self.largeWrite { self.countOutput() }
    }

    /// Bytes of a write behind which it is looked at once how much waits.
    private static let largeWrite = 16_384

    // MARK: Ending

    /// Ends the server's side, and the rest when the client has ended its own (I22).
    func end() {
        self.stopReading()
        self.clock.sideEnded(at: self.core.now)
        // Of the client's own end nothing more is to be seen.
        guard !self.clientEnd.hasCome else { return self.closeWhenSent() }
        self.context?.close(mode: .output, promise: nil)
        // What comes now is dropped, but it must be read for the client's end to be seen.
        if self.readIsHeld {
            self.readIsHeld = false
            self.context?.read()
        }
    }

    /// Ends the connection at once.
    ///
    /// - Parameter ending: told to the workers whose answers are not whole.
    func abort(_ ending: RequestEnd) {
        guard let context = self.context else { return }
        self.ending = ending
        self.tellWhatIsCut(context.channel)
        context.closeAtOnce()
    }

    /// What this process still holds is dropped with the connection: the answer that it belongs to is cut, though its
    /// worker was done with it.
    private func tellWhatIsCut(_ channel: any Channel) {
        guard self.ending != .left, self.lastAnswered != nil, self.core.outgoing(channel).held > 0 else { return }
        let underWay = self.exchanges.first.map { $0.stream.hasBegun } ?? false
        guard !underWay, let cut = self.lastAnswered.take() else { return }
        self.core.answerWasCut(cut, self.ending)
    }
}

@available(*, unavailable)
extension HTTP1Handler: Sendable {}
