package import NIOCore
package import SeawayNIO

/// One WebSocket: frames on one side, messages on the other.
///
/// Loop-bound. Made before its channel is upgraded, installed by ``NIOCore/Channel/addWebSocketHandlers(_:)``. What a
/// frame means is ``MessageAssembly``'s to say, what waits for the client ``Outbox``'s, how it ends
/// ``CloseHandshake``'s, and how long to wait ``SocketClock``'s. Here their decisions are carried out.
package final class WebSocketPeer: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    let core: WebSocketCore
    var delegate: (any WebSocketPeerDelegate)?
    /// `nil` before the connection is there and after it is gone.
    private(set) var context: ChannelHandlerContext?
    var handshake = CloseHandshake()
    var clock: SocketClock

    var input: SocketInput
    /// Bytes of an unfinished message, as the core has counted them.
    var heldBytes = 0
    /// All that is held for its client.
    var memory: HeldMemory
    /// Messages of the client that wait for workers, in bytes.
    var waitingBytes = 0
    var readTurn = ReadTurn()
    /// Whether what came waits for its turn.
    var isInLine = false
    var isReading = true
    var readIsHeld = false
    var takesInput = false
    /// The client has hung up; what it sent before is still taken.
    var inputHasEnded = false

    var output: SocketOutput
    /// What was handed to the channel while that was not writable: frames of others too, and bytes of its own.
    var sharedAhead: [PreparedMessage] = []
    var ownAhead = 0
    private(set) var isWritable = false
    var wasBlocked = false
    var willWrite = false
    var isWriting = false
    var sideHasEnded = false
    /// What the client has taken of what was written.
    var taken: TakenBytes
    /// What of the output is on its way, where its channel is no connection of its own.
    package var ownOutgoing: (() -> Outgoing)?

    /// - Parameters:
    ///   - policy: `nil` takes the configuration's.
    ///   - deflate: of the handshake's ``WebSocketAcceptance``.
    ///   - address: who is charged for what is held.
    ///   - delegate: held until the connection has ended.
    package init(
        core: WebSocketCore, policy: OutboxPolicy? = nil, deflate: DeflateParameters?, address: IPAddress? = nil,
        delegate: any WebSocketPeerDelegate
    ) {
        self.core = core
        self.memory = HeldMemory(core.memory, address: address)
        self.delegate = delegate
        self.clock = SocketClock(now: core.now)
        self.input = SocketInput(
            MessageAssembly(
                core.configuration, decompression: deflate.map { MessageDecompression($0, pool: core.pool) }),
            rate: MessageRate(perSecond: core.configuration.maxMessagesPerSecond, now: core.now))
        self.taken = TakenBytes(now: core.now)
        self.output = SocketOutput(
            core.configuration, policy: policy,
            compression: deflate.map { MessageCompression($0, pool: core.pool, now: core.now) })
    }

    // MARK: For those who use it

    /// Whether ``send(_:)`` still has an effect.
    package var isOpen: Bool { self.handshake.isOpen }

    /// Puts a message behind those that wait; it is written at the end of the loop's turn.
    ///
    /// Never refuses: what has no room is dropped, or ends the socket, as the policy says. After
    /// ``close(code:reason:behindMessages:)`` and after the end it is dropped and counted. What is sent before the
    /// channel is upgraded waits for that.
    package func send(_ message: PreparedMessage) {
        guard self.handshake.isOpen else { return self.report(.closing, count: 1) }
        // What the client would take at once is not in anybody's way.
        if self.output.isFull(for: message) { self.write() }
        message.charge(self.core.memory)
        switch self.output.append(message) {
        case .queued: break
        case .dropped(let reason, let count): self.report(reason, count: count)
        case .overflow:
            self.report(.unsent, count: 1)
            return self.fail(.outputOverflow)
        }
        self.writeSoon()
        self.reportBlocked()
    }

    /// Closes, and delivers no more of the client's messages.
    ///
    /// Does nothing when the socket is closing already.
    ///
    /// - Parameters:
    ///   - code: one that may be sent; any other becomes 1011.
    ///   - reason: cut to 123 bytes, at the border of a character.
    ///   - behindMessages: whether those that wait are sent before; otherwise they are dropped.
    package func close(code: WebSocketCloseCode = .normal, reason: String = "", behindMessages: Bool = true) {
        let close = WebSocketClose(code: code, reason: reason)
        let action = self.handshake.close(close, at: self.core.now)
        guard action != .none else { return }
        if !behindMessages { self.dropOutput() }
        self.carryOut(action)
        // The client's own Close frame must be seen.
        self.setReading(true)
    }

    /// Stops or resumes reading from the client, who meets TCP's own backpressure.
    ///
    /// While it is stopped no message is delivered, pings are not answered, and silence is not held against the client.
    /// What was read already is kept, at most one read; a client that has hung up meanwhile is reported when reading
    /// goes on, behind its last messages.
    ///
    /// - Parameter waiting: bytes of its messages that wait for somebody.
    package func setReading(_ isReading: Bool, waiting: Int = 0) {
        self.waitingBytes = waiting
        if waiting + self.heldBytes != self.memory.bytes(of: .messages) { self.countMessages() }
        guard isReading != self.isReading, isReading || self.handshake.isOpen else { return }
        self.isReading = isReading
        self.clock.listeningChanged(to: isReading, at: self.core.now)
        guard isReading else { return }
        self.takeInput()
        self.readOn()
    }

    /// Ends the connection at once, without a word to the client.
    package func abort() {
        self.look(at: self.core.now)
        self.carryOut(self.handshake.cut())
    }

    // MARK: The connection

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.isWritable = context.channel.isWritable
        self.core.enter(self)
        self.clock.heard(at: self.core.now)
        // It may have been given up before.
        guard self.handshake.isReading else { return context.close(promise: nil) }
        self.writeSoon()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.clientLeft()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.clientLeft()
    }

    func countMessages() { self.memory.set(.messages, to: self.heldBytes + self.waitingBytes) }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // It broke, and what was on its way is lost.
        self.abort()
        context.close(promise: nil)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isWritable = context.channel.isWritable
        if self.isWritable {
            // Of much that waited only a little is left.
            self.clock.looked(
                waits: !self.output.isEmpty, hasTaken: true, at: self.core.now, self.core.configuration)
            self.write()
        }
        context.fireChannelWritabilityChanged()
    }

    package func read(context: ChannelHandlerContext) {
        // What comes after the end is dropped, but it must be read for the client's end to be seen.
        self.readIsHeld = self.handshake.isReading && !(self.isReading && !self.isInLine && self.isTurnToRead())
        if !self.readIsHeld { context.read() }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.handshake.isReading else { return }
        self.clock.heard(at: self.core.now)
        let bytes = Self.unwrapInboundIn(data)
        self.readTurn.noteRead(bytes.readableBytes)
        self.input.append(bytes)
        self.takeInput()
        guard self.input.count > self.core.configuration.maxHeldInput else { return }
        self.forgetInput()
        self.abort()
    }
}

@available(*, unavailable)
extension WebSocketPeer: Sendable {}
