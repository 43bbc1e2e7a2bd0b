/// What a MessagePack value begins with: the whole of a small value, the size of what follows for the others.
package enum MessagePackHead {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    /// So many bytes follow, and are there; whether they are UTF-8 is not known yet.
    case string(count: Int)
    /// So many bytes follow, and are there.
    case bytes(count: Int)
    case list(count: Int)
    /// So many keys follow, each with its value.
    case map(count: Int)

    /// Reads one head and moves behind it.
    ///
    /// - Returns: nil when the bytes end too early, and for what the wire does not allow: extension types, 0xC1 (V7),
    ///   an integer beyond 64 bits with sign (V4), a double that is not finite (V5). A list or map of more values than
    ///   there are bytes left is nil too, so the count of one that is returned is bounded by the input.
    @inline(__always)
    package static func read(_ bytes: Span<UInt8>, _ offset: inout Int) -> MessagePackHead? {
        guard offset < bytes.count else { return nil }
        let type = bytes[offset]
        offset += 1
        switch type {
        case 0x00...0x7F: return .int(Int64(type))
        case 0x80...0x8F: return self.map(Int(type & 0x0F), bytes, offset)
        case 0x90...0x9F: return self.list(Int(type & 0x0F), bytes, offset)
        case 0xA0...0xBF: return self.string(Int(type & 0x1F), bytes, offset)
        case 0xE0...0xFF: return .int(Int64(Int8(bitPattern: type)))
        default: return self.readLong(type, bytes, &offset)
        }
    }

    /// The heads of more than one byte, and the constants.
    private static func readLong(_ type: UInt8, _ bytes: Span<UInt8>, _ offset: inout Int) -> MessagePackHead? {
        switch type {
        case 0xC0: .null
        case 0xC2: .bool(false)
        case 0xC3: .bool(true)
        case 0xC4: self.number(UInt8.self, bytes, &offset).flatMap { self.bytes(Int($0), bytes, offset) }
        case 0xC5: self.number(UInt16.self, bytes, &offset).flatMap { self.bytes(Int($0), bytes, offset) }
        case 0xC6: self.number(UInt32.self, bytes, &offset).flatMap { self.bytes(Int($0), bytes, offset) }
        case 0xCA: self.number(UInt32.self, bytes, &offset).flatMap { self.finite(Double(Float(bitPattern: $0))) }
        case 0xCB: self.number(UInt64.self, bytes, &offset).flatMap { self.finite(Double(bitPattern: $0)) }
        case 0xCC: self.number(UInt8.self, bytes, &offset).map { .int(Int64($0)) }
        case 0xCD: self.number(UInt16.self, bytes, &offset).map { .int(Int64($0)) }
        case 0xCE: self.number(UInt32.self, bytes, &offset).map { .int(Int64($0)) }
        case 0xCF: self.number(UInt64.self, bytes, &offset).flatMap { Int64(exactly: $0).map { .int($0) } }
        case 0xD0: self.number(Int8.self, bytes, &offset).map { .int(Int64($0)) }
        case 0xD1: self.number(Int16.self, bytes, &offset).map { .int(Int64($0)) }
        case 0xD2: self.number(Int32.self, bytes, &offset).map { .int(Int64($0)) }
        case 0xD3: self.number(Int64.self, bytes, &offset).map { .int($0) }
        case 0xD9: self.number(UInt8.self, bytes, &offset).flatMap { self.string(Int($0), bytes, offset) }
        case 0xDA: self.number(UInt16.self, bytes, &offset).flatMap { self.string(Int($0), bytes, offset) }
        case 0xDB: self.number(UInt32.self, bytes, &offset).flatMap { self.string(Int($0), bytes, offset) }
        case 0xDC: self.number(UInt16.self, bytes, &offset).flatMap { self.list(Int($0), bytes, offset) }
        case 0xDD: self.number(UInt32.self, bytes, &offset).flatMap { self.list(Int($0), bytes, offset) }
        case 0xDE: self.number(UInt16.self, bytes, &offset).flatMap { self.map(Int($0), bytes, offset) }
        case 0xDF: self.number(UInt32.self, bytes, &offset).flatMap { self.map(Int($0), bytes, offset) }
        default: nil
        }
    }

    @inline(__always)
    private static func number<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type, _ bytes: Span<UInt8>, _ offset: inout Int
    ) -> Number? {
        guard bytes.count - offset >= MemoryLayout<Number>.size else { return nil }
        defer { offset += MemoryLayout<Number>.size }
        return Number(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }

    private static func finite(_ value: Double) -> MessagePackHead? { value.isFinite ? .double(value) : nil }

    @inline(__always)
    private static func string(_ count: Int, _ bytes: Span<UInt8>, _ offset: Int) -> MessagePackHead? {
        count <= bytes.count - offset ? .string(count: count) : nil
    }

    private static func bytes(_ count: Int, _ bytes: Span<UInt8>, _ offset: Int) -> MessagePackHead? {
        count <= bytes.count - offset ? .bytes(count: count) : nil
    }

    private static func list(_ count: Int, _ bytes: Span<UInt8>, _ offset: Int) -> MessagePackHead? {
        count <= bytes.count - offset ? .list(count: count) : nil
    }

    @inline(__always)
    private static func map(_ count: Int, _ bytes: Span<UInt8>, _ offset: Int) -> MessagePackHead? {
        count * 2 <= bytes.count - offset ? .map(count: count) : nil
    }
}
