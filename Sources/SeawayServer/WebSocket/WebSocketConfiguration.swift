/// Every bound and habit of WebSockets.
package struct WebSocketConfiguration: Sendable {
    // MARK: What clients send

    /// Bytes of a frame's payload as it comes; beyond it 1009.
    package var maxFrame = 1_048_576
    /// Bytes of a message after decompression; beyond it 1009.
    package var maxMessage = 1_048_576
    /// Bytes of unfinished messages, over all sockets; beyond it 1013.
    package var maxBufferedMessages = 536_870_912
    /// Frames of one socket of every kind (messages, their pieces, pings, pongs), on average and at once; beyond
    /// it 1008. 0 sets no limit.
    package var maxMessagesPerSecond = 0
    /// Bytes kept of a client that hung up while it was not read from; beyond it they are dropped.
    package var maxHeldInput = 1_048_576

    // MARK: What clients are sent

    /// What happens when a client reads slower than it is sent to; a peer may be given another.
    package var policy = OutboxPolicy.wait
    /// Bytes that wait for one client before the policy acts; one message may be larger.
    package var maxQueuedBytes = 1_048_576
    /// Messages that wait for one client before the policy acts.
    package var maxQueuedMessages = 1_024
    /// Bytes that wait under ``OutboxPolicy/wait`` at the very most, for what was on its way when its senders were
    /// held back; beyond it the socket is closed with ``blockedCode``.
    package var maxOverflow = 4_194_304
    /// How long a client may take nothing while output is blocked, under ``OutboxPolicy/wait``; then the socket is
    /// closed with ``blockedCode``.
    package var blockedTimeout = Duration.seconds(30)
    /// The code of sockets that were blocked too long.
    package var blockedCode = WebSocketCloseCode.policyViolation
    /// Pongs that wait to be written; of more, the oldest are dropped (RFC 6455, section 5.5.3).
    package var maxQueuedPongs = 16

    // MARK: Times

    /// Silence of a client after which it is sent a ping.
    package var pingInterval = Duration.seconds(20)
    /// Silence of a client after which it is given up: 1006. Who takes what waits for it is not silent.
    package var silenceTimeout = Duration.seconds(30)
    /// From the writing of the Close frame until the closing handshake is over; then the connection is cut: 1006.
    /// Before that, and while the client takes what stands before the frame, it is how long the client may take
    /// nothing.
    package var closeTimeout = Duration.seconds(5)
    /// Reading and dropping after the closing handshake, so that its last frame is not lost; from when the client has
    /// taken that.
    package var lingerTimeout = Duration.seconds(2)

    package var deflate = DeflateConfiguration()

    package init() {}
}

/// What happens when a client reads slower than it is sent to.
package enum OutboxPolicy: String, Hashable, Sendable, CaseIterable {
    /// Keeps everything and says that it is blocked, so that senders can be held back.
    case wait
    /// Drops the oldest messages that wait.
    case dropOldest = "drop-oldest"
    /// Keeps only the newest message that waits.
    case keepNewest = "keep-newest"
}

/// How messages are compressed (RFC 7692).
package struct DeflateConfiguration: Hashable, Sendable {
    /// Whether permessage-deflate is agreed to at all.
    package var isEnabled = true
    /// 9 to 15: the server's windows have at most 2 to the power of this many bytes.
    package var serverMaxWindowBits = 12
    /// 8 to 15: the same for clients that let themselves be bounded; others use 15.
    package var clientMaxWindowBits = 12
    /// Whether messages of one socket alone may refer to those before; costs memory for each such socket.
    package var serverContextTakeover = true
    /// Whether a client's messages may refer to those before; costs a window for each such socket.
    package var clientContextTakeover = true
    /// 1 (fast) to 9 (small).
    package var level = 6
    /// 1 to 9: bytes of the compressor's tables, 2 to the power of this and 9.
    package var memoryLevel = 5
    /// Bytes below which a message is sent as it is.
    package var minimumSize = 128
    /// A compressor or decompressor that may be freed is freed after so long without use.
    package var idleTimeout = Duration.seconds(30)

    package init() {}
}
