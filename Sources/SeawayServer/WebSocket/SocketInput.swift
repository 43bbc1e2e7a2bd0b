package import NIOCore
import NIOWebSocket

/// Turns the bytes of one client into messages and control frames; keeps no more than the head of a frame when it has
/// been emptied.
package struct SocketInput {
    private var parser = WebSocketFrameParser()
    private var assembly: MessageAssembly
    private var rate: MessageRate
    private var rest = ByteBuffer()

    package init(_ assembly: MessageAssembly, rate: MessageRate) {
        self.assembly = assembly
        self.rate = rate
    }

    /// Bytes that were not looked at, or not understood yet.
    package var count: Int { self.rest.readableBytes }

    /// Bytes of a message whose end is missing.
    package var messageBytes: Int { self.assembly.messageBytes }

    package mutating func append(_ bytes: ByteBuffer) {
        if self.rest.readableBytes == 0 { self.rest = bytes } else { self.rest.writeImmutableBuffer(bytes) }
    }

    /// Gives up what came; nothing more can be had then.
    package mutating func removeAll() {
        self.rest = ByteBuffer()
        self.assembly.removeAll()
    }

    /// What comes next, or `nil` when more bytes are needed for it.
    ///
    /// - Parameter frames: how many may begin; fewer by those that have. At 0 there may be more than `nil` tells.
    /// - Throws: when the client is wrong; nothing more can be had then.
    package mutating func next(
        at now: Moment, atMost frames: inout Int
    ) throws(WebSocketFault) -> MessageAssembly.Event? {
        while frames > 0 {
            // Held apart, since a part of this cannot be read while another is changed.
            let unread = self.rest
            switch try self.parser.step(unread.readableBytesUInt8Span) {
            case .needMoreBytes:
                // So that a few bytes do not hold on to the memory of a whole read.
                self.rest = ByteBuffer(bytes: unread.readableBytesView)
                return nil
            case .head(let head, let length):
                frames -= 1
                self.rest.moveReaderIndex(forwardBy: length)
                // Whatever it is, it costs work; but a Close frame is the last.
                guard head.opcode == .connectionClose || self.rate.take(at: now) else { throw .tooManyMessages }
                try self.assembly.begin(head)
            case .payload(let count, let mask, let isLast):
                let payload = unread.readableBytesUInt8Span.extracting(0..<count)
                let event = try self.assembly.take(payload, mask: mask, isLast: isLast)
                self.rest.moveReaderIndex(forwardBy: count)
                if event != .none { return event }
            }
        }
        return nil
    }

    /// The same of any number of frames.
    package mutating func next(at now: Moment) throws(WebSocketFault) -> MessageAssembly.Event? {
        var frames = Int.max
        return try self.next(at: now, atMost: &frames)
    }
}
