import NIOCore
import NIOWebSocket

/// Frames as the server sends them: whole and without a mask (RFC 6455, section 5.2).
extension ByteBuffer {
    /// The most that a head takes.
    static var maxFrameHead: Int { 10 }

    static func frame(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>) -> ByteBuffer {
        let count = payload.count
        var frame = ByteBufferAllocator().buffer(capacity: self.frameHeadLength(count) + count)
        frame.writeFrameHead(opcode, isCompressed: false, payloadLength: count)
        frame.writeBytes(payload)
        return frame
    }

    static let ping = ByteBuffer.frame(.ping, [])

    static func pong(_ payload: ByteBuffer) -> ByteBuffer { .frame(.pong, payload.readableBytesView) }

    static func close(_ close: WebSocketClose?) -> ByteBuffer {
        guard let close else { return .frame(.connectionClose, []) }
        var payload = ByteBuffer(integer: close.code.rawValue)
        payload.writeString(close.reason)
        return .frame(.connectionClose, payload.readableBytesView)
    }

    static func frameHeadLength(_ payloadLength: Int) -> Int {
        payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10
    }

    mutating func writeFrameHead(_ opcode: WebSocketOpcode, isCompressed: Bool, payloadLength: Int) {
        self.writeInteger(0x80 | (isCompressed ? 0x40 : 0) | UInt8(webSocketOpcode: opcode))
        switch Self.frameHeadLength(payloadLength) {
        case 2: self.writeInteger(UInt8(payloadLength))
        case 4:
            self.writeInteger(UInt8(126))
            self.writeInteger(UInt16(payloadLength))
        default:
            self.writeInteger(UInt8(127))
            self.writeInteger(UInt64(payloadLength))
        }
    }
}
