import NIOCore

/// One frame of the server, as a test sees it.
enum ServerFrame: Hashable, CustomStringConvertible {
    case text(String)
    case binary([UInt8])
    case compressed(opcode: UInt8, [UInt8])
    case ping
    case pong(String)
    case close(UInt16?, String)
    case broken([UInt8])

    /// Reads all frames; what is not one is ``broken(_:)``.
    static func all(in bytes: [UInt8]) -> [ServerFrame] {
        var frames: [ServerFrame] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let frame = self.next(&rest) else { return frames + [.broken(Array(rest))] }
            frames.append(frame)
        }
        return frames
    }

    private static func next(_ rest: inout ArraySlice<UInt8>) -> ServerFrame? {
        var buffer = ByteBuffer(bytes: rest)
        guard let first = buffer.readInteger(as: UInt8.self),
            var length = buffer.readInteger(as: UInt8.self).map(Int.init)
        else { return nil }
        if length == 126 { length = buffer.readInteger(as: UInt16.self).map(Int.init) ?? -1 }
        if length == 127 { length = buffer.readInteger(as: Int64.self).map(Int.init) ?? -1 }
        guard length >= 0, first & 0xB0 == 0x80, let payload = buffer.readBytes(length: length) else { return nil }
        rest = rest.suffix(buffer.readableBytes)
        let text = String(decoding: payload, as: UTF8.self)
        switch first & 0x4F {
        case 0x01: return .text(text)
        case 0x02: return .binary(payload)
        case 0x41, 0x42: return .compressed(opcode: first & 0x0F, payload)
        case 0x08:
            guard payload.count >= 2 else { return payload.isEmpty ? .close(nil, "") : nil }
            let reason = String(decoding: payload.dropFirst(2), as: UTF8.self)
            return .close(UInt16(payload[0]) << 8 | UInt16(payload[1]), reason)
        case 0x09: return .ping
        case 0x0A: return .pong(text)
        default: return nil
        }
    }

    var description: String {
        switch self {
        case .text(let text): "text(\(text.prefix(40)))"
        case .binary(let bytes): "binary(\(bytes.count))"
        case .compressed(let opcode, let bytes): "compressed(\(opcode), \(bytes.count))"
        case .ping: "ping"
        case .pong(let text): "pong(\(text))"
        case .close(let code, let reason): "close(\(code.map(String.init) ?? ""), \(reason))"
        case .broken(let bytes): "broken(\(bytes.prefix(20)))"
        }
    }
}
