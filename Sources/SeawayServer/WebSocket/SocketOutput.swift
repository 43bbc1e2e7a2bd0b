package import NIOCore

/// What leaves for one client, in its order: control frames, then messages, then the Close frame.
package struct SocketOutput {
    /// Whole frames that are written in one go.
    package struct Batch {
        package var bytes: ByteBuffer
        package var messages = 0
        /// The message whose frame it is, where that is shared with other sockets.
        package var shared: PreparedMessage?
    }

    private var outbox: Outbox<PreparedMessage>
    private var compression: MessageCompression?
    private var isPinging = false
    private var pongs: [ByteBuffer] = []
    private let maxPongs: Int
    private var closeFrame: ByteBuffer?
    /// The Close frame was written; nothing follows it.
    package private(set) var hasClosed = false

    /// Frames of at least so many bytes are written as they are, shared with all other sockets; smaller ones are copied
    /// together.
    private static let largeFrame = 4_096
    private static let maxBatch = 32_768
    /// What a message that waits takes beside its frame.
    private static let bytesOfPlace = 48

    package init(
        _ configuration: WebSocketConfiguration, policy: OutboxPolicy? = nil, compression: MessageCompression?
    ) {
        self.outbox = Outbox(
            .init(
                policy: policy ?? configuration.policy, maxBytes: configuration.maxQueuedBytes,
                maxMessages: configuration.maxQueuedMessages, maxOverflow: configuration.maxOverflow))
        self.compression = compression
        self.maxPongs = configuration.maxQueuedPongs
    }

    package var policy: OutboxPolicy { self.outbox.policy }
    package var isBlocked: Bool { self.outbox.isBlocked }
    package var isEmpty: Bool {
        self.outbox.count == 0 && self.pongs.isEmpty && !self.isPinging && self.closeFrame == nil
    }

    package func isFull(for message: PreparedMessage) -> Bool { self.outbox.isFull(for: message.size) }

    package mutating func append(_ message: PreparedMessage) -> Outbox<PreparedMessage>.Outcome {
        self.outbox.append(message, size: message.size, own: message.isShared ? 0 : message.size)
    }

    /// Bytes that what waits takes by itself: frames that are shared with other sockets are counted once for all of
    /// them.
    package var bytes: Int { self.outbox.ownBytes + self.outbox.count * Self.bytesOfPlace }

    package mutating func ping() { self.isPinging = true }

    /// - Returns: how many older pongs were dropped for it.
    package mutating func pong(_ payload: ByteBuffer) -> Int {
        self.pongs.append(.pong(payload))
        let excess = max(0, self.pongs.count - self.maxPongs)
        self.pongs.removeFirst(excess)
        return excess
    }

    /// Ends the output with a Close frame behind all that waits.
    ///
    /// - Parameter close: `nil` for an empty frame.
    package mutating func close(_ close: WebSocketClose?) { self.closeFrame = .close(close) }

    /// Gives up all that waits.
    ///
    /// - Returns: how many messages.
    package mutating func removeAll() -> Int {
        self.pongs = []
        self.isPinging = false
        self.closeFrame = nil
        return self.outbox.removeAll()
    }

    /// Frees what can be made anew.
    package mutating func sweep(at now: Moment) { self.compression?.sweep(at: now) }

    // MARK: Leaving

    /// What is to be written next.
    package mutating func next(at now: Moment) -> Batch? {
        guard let first = self.nextFrame(at: now) else { return nil }
        var batch = Batch(bytes: first.bytes, messages: first.isMessage ? 1 : 0)
        if first.bytes.readableBytes >= Self.largeFrame { batch.shared = first.shared }
        guard first.bytes.readableBytes < Self.largeFrame, self.hasSmallFrame else { return batch }
        batch.bytes = ByteBufferAllocator().buffer(
            capacity: min(first.bytes.readableBytes + self.outbox.bytes, Self.maxBatch))
        batch.bytes.writeImmutableBuffer(first.bytes)
        while self.hasSmallFrame, batch.bytes.readableBytes < Self.maxBatch - Self.largeFrame,
            let frame = self.nextFrame(at: now)
        {
            batch.bytes.writeImmutableBuffer(frame.bytes)
            if frame.isMessage { batch.messages += 1 }
        }
        return batch
    }

    /// Whether there is a next frame, and it is small for sure.
    private var hasSmallFrame: Bool {
        if !self.pongs.isEmpty || self.isPinging { return true }
        return self.outbox.nextSize.map { $0 < Self.largeFrame } ?? (self.closeFrame != nil)
    }

    private mutating func nextFrame(
        at now: Moment
    ) -> (bytes: ByteBuffer, isMessage: Bool, shared: PreparedMessage?)? {
        if !self.pongs.isEmpty { return (self.pongs.removeFirst(), false, nil) }
        if self.isPinging {
            self.isPinging = false
            return (.ping, false, nil)
        }
        if let message = self.outbox.next() {
            let frame = self.compression?.frame(of: message, at: now) ?? message.frame
            return (frame, true, message.isShared ? message : nil)
        }
        guard let frame = self.closeFrame.take() else { return nil }
        self.hasClosed = true
        return (frame, false, nil)
    }
}
