/// Frames as a client sends them, right or wrong.
struct ClientFrame {
    var isFinal = true
    var rsv: UInt8 = 0
    var opcode: UInt8
    var payload: [UInt8]
    /// `nil` leaves the mask out.
    var mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
    /// Says another length than the payload has.
    var length: Int?

    static func text(_ text: String, isFinal: Bool = true) -> ClientFrame {
        ClientFrame(isFinal: isFinal, opcode: 1, payload: Array(text.utf8))
    }

    static func binary(_ bytes: [UInt8], isFinal: Bool = true) -> ClientFrame {
        ClientFrame(isFinal: isFinal, opcode: 2, payload: bytes)
    }

    static func more(_ text: String, isFinal: Bool = true) -> ClientFrame {
        ClientFrame(isFinal: isFinal, opcode: 0, payload: Array(text.utf8))
    }

    static func ping(_ text: String = "") -> ClientFrame { ClientFrame(opcode: 9, payload: Array(text.utf8)) }
    static func pong(_ text: String = "") -> ClientFrame { ClientFrame(opcode: 10, payload: Array(text.utf8)) }

    static func close(_ code: UInt16?, _ reason: String = "") -> ClientFrame {
        let number = code.map { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] } ?? []
        return ClientFrame(opcode: 8, payload: number + Array(reason.utf8))
    }

    static func compressed(_ bytes: [UInt8], opcode: UInt8 = 1, isFinal: Bool = true) -> ClientFrame {
        ClientFrame(isFinal: isFinal, rsv: 4, opcode: opcode, payload: bytes)
    }

    var bytes: [UInt8] {
        let length = self.length ?? self.payload.count
        var bytes = [(self.isFinal ? 0x80 : 0) | self.rsv << 4 | self.opcode]
        let maskBit: UInt8 = self.mask == nil ? 0 : 0x80
        if length < 126 {
            bytes.append(maskBit | UInt8(length))
        } else {
            let count = length < 65_536 ? 2 : 8
            bytes.append(maskBit | (count == 2 ? 126 : 127))
            bytes += (0..<count).reversed().map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        }
        guard let mask = self.mask else { return bytes + self.payload }
        return bytes + mask + self.payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }
}
