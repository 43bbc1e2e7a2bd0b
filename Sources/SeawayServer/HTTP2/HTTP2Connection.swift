import Logging
import NIOCore
import NIOHTTP2
import SeawayNIO

/// One connection of HTTP/2: gives its streams their frames, watches whether the client takes anything, and ends it.
///
/// A stream is no channel, unless it carries a WebSocket (``HTTP2SocketChannels``).
final class HTTP2Connection: ChannelDuplexHandler, ServerConnection, TurnTaker {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let core: ServerCore
    /// What is held for its client beside what its streams hold.
    private var memory: HeldMemory
    private var predecessor: (any ServerConnection)?
    private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    /// Those that carry WebSockets.
    private let sockets: HTTP2SocketChannels
    /// Of those that were read, the ones whose clients go on sending.
    private var read: [HTTP2Stream] = []
    private var willFlush = false
    private var hasHadStreams = false
    /// Bytes of content that came since the last turn to read.
    private var lastRead = 0
    /// Bytes that the client may send over all of its streams.
    private var window: Int
    /// Whether the client's first `SETTINGS` has come, before which no `GOAWAY` may be said (RFC 9113, 3.4).
    private var hasBegun = false
    private var leavesOnceBegun = false
    /// `nil` before the connection is there and after it is gone.
    private var context: ChannelHandlerContext?
    private(set) var addresses = ConnectionAddresses()
    /// Why the connection ends, if it does before an answer is whole.
    private(set) var ending = RequestEnd.left
    /// Whether the client takes what is written to it.
    private var output: TakenBytes
    private var clock: HTTP2Clock

    /// - Parameter predecessor: what has held this connection's place before.
    init(core: ServerCore, inPlaceOf predecessor: any ServerConnection) {
        self.core = core
        self.memory = HeldMemory(core.memory)
        self.sockets = HTTP2SocketChannels(core.configuration.http2)
        self.predecessor = predecessor
        self.window = core.configuration.http2.connectionWindow
        self.output = TakenBytes(now: core.now)
        self.clock = HTTP2Clock(now: core.now)
    }

    var writer: HTTP2AnswerWriter {
        HTTP2AnswerWriter(server: self.core.configuration.serverField, date: self.core.writer.date)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.addresses = self.core.addresses(of: context.channel)
        self.memory = HeldMemory(self.core.memory, address: self.core.charged(self.addresses))
        guard let predecessor = self.predecessor.take(), self.core.enter(self, inPlaceOf: predecessor) else {
            return context.closeAtOnce()
        }
        guard self.core.countOfAddress(self.addresses, context.channel) else {
            self.core.leave(self)
            return context.closeAtOnce()
        }
        self.core.counters.http2.connections += 1
        self.memory.set(.connections, to: Self.bytesOfTables)
    }

    /// Bytes of its tables of fields, and of what is known of its streams.
    private static let bytesOfTables = 16_384

    var isOverShare: Bool { self.memory.isOver }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.clientLeft()
        self.sockets.end()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.clientLeft()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            for stream in self.streams.values { stream.becameWritable() }
            self.flushSoon()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent:
            // Of a stream only ``HTTP2Window`` knows what becomes of a body.
            if event.streamID == .rootStream, let size = event.inboundWindowSize { self.windowChanged(size) }
            return
        // Whoever counts streams hears of those alone that were let begin.
        case let event as NIOHTTP2StreamCreatedEvent where self.streams[event.streamID] == nil: return
        case let event as StreamClosedEvent:
            guard self.ended(event.streamID) else { return }
        // A client that can say nothing more lets nothing more be sent to it.
        case ChannelEvent.inputClosed: self.abort(.left)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// - Returns: whether the stream was one that had begun.
    private func ended(_ id: HTTP2StreamID) -> Bool {
        guard let stream = self.streams.removeValue(forKey: id) else { return self.sockets.has(id) }
        stream.clientLeft()
        return true
    }

    private func clientLeft() {
        self.context = nil
        let streams = self.streams.values
        self.streams = [:]
        self.read = []
        for stream in streams { stream.clientLeft() }
        self.memory.release()
        self.core.leave(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? NIOHTTP2Errors.StreamError {
            self.streams[error.streamID]?.reset(.cancel)
            return context.fireErrorCaught(error)
        }
        guard let fault = HTTP2Fault(error) else { return }
        if error is any NIOHTTP2Error {
            self.core.counters.http2.ended[fault, default: 0] += 1
            self.core.logger.debug("a connection of HTTP/2 is ended", metadata: ["error": "\(error)"])
        }
        // What it says of that has been written.
        self.close()
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = Self.unwrapInboundIn(data)
        if case .data(let data) = frame.payload { self.lastRead += data.data.readableBytes }
        if let stream = self.streams[frame.streamID] {
            self.give(frame.payload, to: stream)
        } else if frame.streamID == .rootStream {
            if case .settings(.settings) = frame.payload { self.began() }
            context.fireChannelRead(data)
        } else if self.sockets.has(frame.streamID) {
            self.sockets.read(data)
        } else if case .headers = frame.payload {
            let stream = HTTP2Stream(frame.streamID, core: self.core, connection: self)
            self.streams[frame.streamID] = stream
            self.core.counters.http2.streams += 1
            self.hasHadStreams = true
            self.give(frame.payload, to: stream)
        }
    }

    private func give(_ payload: HTTP2Frame.FramePayload, to stream: HTTP2Stream) {
        let isFirst = !stream.isReading
        stream.read(payload)
        if isFirst, stream.isReading { self.read.append(stream) }
    }

    /// Behind much that came it waits for its turn (I37).
    func read(context: ChannelHandlerContext) {
        guard self.lastRead >= ReadTurn.muchInput else { return context.read() }
        self.lastRead = 0
        if self.core.reads.ask(self) { context.read() }
    }

    func takeTurn(_ kind: TurnKind) { self.context?.read() }

    func channelReadComplete(context: ChannelHandlerContext) {
        let read = self.read
        self.read.removeAll(keepingCapacity: true)
        for stream in read { stream.readComplete() }
        context.fireChannelReadComplete()
    }

    /// Lets the client send on over all of its streams, when it has used half of what it may.
    ///
    /// Not at once: NIO tells of a window in the midst of what it sends, where a frame written would wait unflushed
    /// before content that is flushed.
    private func windowChanged(_ size: Int) {
        self.window = size
        if self.window <= self.core.configuration.http2.connectionWindow / 2 { self.flushSoon() }
    }

    /// Only for a client that takes what it is sent, which is told once.
    private func openWindow() {
        let target = self.core.configuration.http2.connectionWindow
        guard self.window <= target / 2, self.isWritable else { return }
        self.write(.windowUpdate(windowSizeIncrement: target - self.window), on: .rootStream)
    }

    // MARK: Writing

    /// Writes a frame, which leaves at the end of this turn of the loop, with those of all streams.
    func write(
        _ payload: HTTP2Frame.FramePayload, on stream: HTTP2StreamID, promise: EventLoopPromise<Void>? = nil
    ) {
        guard let context = self.context else { return promise?.fail(ChannelError.ioOnClosedChannel) ?? () }
        self.wrote()
        context.write(Self.wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: promise)
        self.flushSoon()
    }

    func flush(context: ChannelHandlerContext) { self.flushSoon() }

    private func flushSoon() {
        // What waits for the client waits flushed, so that it leaves in its order as soon as the client takes
        // something.
        if !self.isWritable { self.context?.flush() }
        guard !self.willFlush else { return }
        self.willFlush = true
        let bound = NIOLoopBound(self, eventLoop: self.core.eventLoop)
        self.core.eventLoop.execute { bound.value.flushNow() }
    }

    private func flushNow() {
        guard self.willFlush else { return }
        self.openWindow()
        self.willFlush = false
        self.context?.flush()
    }

    /// Before the end, so that nothing is lost that was to leave.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        self.flushNow()
        context.close(mode: mode, promise: promise)
    }

    private func close() {
        self.flushNow()
        self.context?.closeAtOnce()
    }

    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    // MARK: Streams

    /// Gives the stream to what carries it from now on.
    ///
    /// - Returns: its channel, without handlers; `nil` when there is none any more.
    func makeChannel(of stream: HTTP2Stream, for tunnel: HTTP2Tunnel) -> (any Channel)? {
        guard let context = self.context, self.streams.removeValue(forKey: stream.id) != nil else { return nil }
        self.core.counters.http2.sockets += 1
        return self.sockets.make(stream.id, for: tunnel, on: context)
    }

    func leave(_ tunnel: HTTP2Tunnel) {
        self.sockets.leave(tunnel)
        self.streamEnded()
    }

    func streamEnded() { if !self.hasStreams { self.clock.becameIdle(at: self.core.now) } }

    private var hasStreams: Bool { !self.streams.isEmpty || !self.sockets.isEmpty }

    var now: Moment { self.core.now }

    func wrote() { self.output.wrote(at: self.core.now) }

    // MARK: What the server sees to

    func sweep(at now: Moment) {
        guard let context = self.context else { return }
        for stream in self.streams.values { stream.sweep(at: now) }
        if self.output.isOpen {
            let outgoing = self.core.outgoing(context.channel)
            self.memory.set(.output, to: outgoing.held)
            self.output.look(outgoing, at: now)
        }
        let times = self.core.configuration
        if self.output.isStalled(for: times.clientStallTimeout, at: now) {
            self.core.counters.stalledClients += 1
            return self.abort(.stalled)
        }
        switch self.clock.expiry(at: now, isBusy: self.hasStreams || self.output.isOpen, times: times) {
        case .none: break
        case .leave: self.drain()
        case .close: self.abort(.left)
        }
    }

    var use: ConnectionUse {
        guard !self.hasStreams, !self.output.isOpen else { return .busy }
        return self.hasHadStreams ? .idle : .unused
    }

    func giveWay() {
        self.drain()
        self.abort(.left)
    }

    /// Says GOAWAY, and ends behind the last stream (I25).
    func drain() {
        self.clock.saidGoodbye(at: self.core.now)
        guard self.hasBegun else { return self.leavesOnceBegun = true }
        self.context?.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    private func began() {
        self.hasBegun = true
        if self.leavesOnceBegun || self.core.isDraining { self.drain() }
    }

    func abort(_ ending: RequestEnd) {
        self.ending = ending
        self.close()
    }
}

extension HTTP2Connection: NIOHTTP2FrameDelegate {
    /// A frame has left for the channel. Nothing may be written from here: this is in the midst of that.
    func wroteFrame(_ frame: HTTP2Frame) {
        guard case .data(let data) = frame.payload, let stream = self.streams[frame.streamID],
            stream.output.left(data.data.readableBytes)
        else { return }
        let bound = NIOLoopBound(stream, eventLoop: self.core.eventLoop)
        self.core.eventLoop.execute { bound.value.becameWritable() }
    }
}

@available(*, unavailable)
extension HTTP2Connection: Sendable {}
