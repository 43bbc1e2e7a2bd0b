package import NIOCore
import NIOWebSocket

/// Puts the frames of a client together to messages, and refuses what RFC 6455 and RFC 7692 do not allow, as early as
/// it can be seen.
package struct MessageAssembly {
    package enum Event: Hashable {
        case none
        case message(WebSocketMessage)
        case ping(ByteBuffer)
        case pong
        /// Without a code when the frame was empty.
        case close(WebSocketClose?)
    }

    /// A data message whose end is missing.
    private struct Partial {
        var isText: Bool
        var isCompressed: Bool
        var bytes = ByteBuffer()
        var text = UTF8Stream()

        /// Looks at the bytes from this one on, counted from the first of the message.
        mutating func checkText(from checked: Int) throws(WebSocketFault) {
            guard self.isText, self.bytes.readableBytes > checked else { return }
            let bytes = self.bytes
            guard self.text.take(bytes.readableBytesUInt8Span.extracting(checked..<bytes.readableBytes)) else {
                throw .notUTF8
            }
        }
    }

    /// The frame whose payload is awaited.
    private enum Frame {
        /// - Parameter length: bytes of the payload.
        case data(isFinal: Bool, length: Int)
        case control(WebSocketOpcode, ByteBuffer)
    }

    /// NIO's buffers end at 4 GiB.
    private static let mostInOneBuffer = 1 << 30

    private let maxFrame: Int
    private let maxMessage: Int
    private var decompression: MessageDecompression?
    private var frame = Frame.data(isFinal: true, length: 0)
    private var message: Partial?
    /// Bytes of the message before the frame that is awaited.
    private var begun = 0

    package init(_ configuration: WebSocketConfiguration, decompression: MessageDecompression?) {
        self.maxFrame = configuration.maxFrame
        self.maxMessage = min(configuration.maxMessage, Self.mostInOneBuffer)
        self.decompression = decompression
    }

    /// Bytes of a message whose end is missing.
    package var messageBytes: Int { self.message?.bytes.readableBytes ?? 0 }

    /// Gives up what came; nothing more can be had then.
    package mutating func removeAll() {
        self.message = nil
        self.decompression = nil
    }

    /// Looks at a head, before the payload is waited for.
    package mutating func begin(_ head: WebSocketFrameHead) throws(WebSocketFault) {
        if head.opcode.isControlOpcode { return try self.beginControl(head) }
        switch head.opcode {
        case .continuation:
            guard self.message != nil else { throw .continuationOfNothing }
            guard !head.isCompressed else { throw .reservedBits }
        case .text, .binary:
            guard self.message == nil else { throw .messageInMessage }
            guard !head.isCompressed || self.decompression != nil else { throw .reservedBits }
            self.message = Partial(isText: head.opcode == .text, isCompressed: head.isCompressed)
        default: throw .reservedOpcode
        }
        guard head.payloadLength <= self.maxFrame else { throw .frameTooBig }
        if let message = self.message, !message.isCompressed {
            guard head.payloadLength <= self.maxMessage - message.bytes.readableBytes else { throw .messageTooBig }
        }
        self.frame = .data(isFinal: head.isFinal, length: head.payloadLength)
        self.begun = self.message?.bytes.readableBytes ?? 0
    }

    private mutating func beginControl(_ head: WebSocketFrameHead) throws(WebSocketFault) {
        switch head.opcode {
        case .connectionClose, .ping, .pong: break
        default: throw .reservedOpcode
        }
        guard !head.isCompressed else { throw .reservedBits }
        guard head.isFinal else { throw .fragmentedControlFrame }
        guard head.payloadLength <= 125 else { throw .longControlFrame }
        self.frame = .control(head.opcode, ByteBuffer())
    }

    /// Takes the next piece of the payload.
    ///
    /// - Parameters:
    ///   - bytes: as they came; may be none.
    ///   - mask: of the first of them.
    ///   - isLast: the frame ends with them.
    package mutating func take(
        _ bytes: Span<UInt8>, mask: WebSocketMask, isLast: Bool
    ) throws(WebSocketFault) -> Event {
        switch self.frame {
        case .control(let opcode, var payload):
            payload.writeUnmasked(bytes, mask)
            guard isLast else {
                self.frame = .control(opcode, payload)
                return .none
            }
            self.frame = .data(isFinal: true, length: 0)
            return try Self.control(opcode, payload)
        case .data(let isFinal, let length):
            try self.takeData(bytes, mask, of: length)
            return isLast && isFinal ? try self.endMessage() : .none
        }
    }

    // MARK: Messages

    /// - Parameter length: bytes of the frame's payload, of which these are some.
    private mutating func takeData(
        _ bytes: Span<UInt8>, _ mask: WebSocketMask, of length: Int
    ) throws(WebSocketFault) {
        let checked = self.message?.bytes.readableBytes ?? 0
        if self.message?.isCompressed == true {
            try self.inflate(bytes, mask)
        } else {
            // Room for all of it at once, when an eighth has come: a buffer that grows is copied, and leaves holes.
            if bytes.count > 0, (checked - self.begun + bytes.count) * 8 >= length {
                self.message?.bytes.reserveCapacity(self.begun + length)
            }
            self.message?.bytes.writeUnmasked(bytes, mask)
        }
        try self.message?.checkText(from: checked)
    }

    private mutating func inflate(_ bytes: Span<UInt8>, _ mask: WebSocketMask) throws(WebSocketFault) {
        for start in stride(from: 0, to: bytes.count, by: 4_096) {
            let piece = bytes.extracting(start..<min(start + 4_096, bytes.count))
            let result = withUnsafeTemporaryAllocation(byteCount: piece.count, alignment: 8) { plain in
                Result { () throws(WebSocketFault) in
                    guard let target = plain.baseAddress else { return }
                    mask.advanced(by: start).unmask(piece, to: target)
                    try self.inflate(UnsafeRawBufferPointer(plain))
                }
            }
            try result.get()
        }
    }

    private mutating func inflate(_ plain: UnsafeRawBufferPointer) throws(WebSocketFault) {
        guard var message = self.message.take() else { return }
        defer { self.message = message }
        try self.decompression?.inflate(plain, to: &message.bytes, limit: self.maxMessage)
    }

    private mutating func endMessage() throws(WebSocketFault) -> Event {
        guard var message = self.message.take() else { return .none }
        if message.isCompressed {
            let checked = message.bytes.readableBytes
            try self.decompression?.endMessage(&message.bytes, limit: self.maxMessage)
            try message.checkText(from: checked)
        }
        guard message.text.isComplete else { throw .notUTF8 }
        return .message(message.isText ? .text(message.bytes) : .binary(message.bytes))
    }

    // MARK: Control frames

    private static func control(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) throws(WebSocketFault) -> Event {
        switch opcode {
        case .ping: .ping(payload)
        case .connectionClose: .close(try WebSocketClose(payload))
        default: .pong
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeUnmasked(_ bytes: Span<UInt8>, _ mask: WebSocketMask) {
        guard bytes.count > 0 else { return }
        self.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { target in
            guard let start = target.baseAddress else { return 0 }
            mask.unmask(bytes, to: start)
            return bytes.count
        }
    }
}
