/// Writes MessagePack in its shortest forms (V11) into bytes of its own.
///
/// The caller sees to the counts: after `map(count: 2)` it writes two keys and their values in turn.
public struct MessagePackWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: bytes to make room for at once; more are made as needed.
    public init(capacity: Int = 0) { self.bytes.reserveCapacity(capacity) }

    /// Begins a map of `count` keys, each followed by its value.
    public mutating func map(count: Int) { self.head(count, fixed: 0x80, below: 16, long: 0xDE) }

    /// Begins a list of `count` values.
    public mutating func list(count: Int) { self.head(count, fixed: 0x90, below: 16, long: 0xDC) }

    public mutating func null() { self.bytes.append(0xC0) }

    public mutating func bool(_ value: Bool) { self.bytes.append(value ? 0xC3 : 0xC2) }

    public mutating func int(_ value: Int) { self.int(Int64(value)) }

    /// Writes an integer: one that is not negative in MessagePack's unsigned forms.
    public mutating func int(_ value: Int64) {
        switch value {
        case 0...0x7F, -32...(-1): self.bytes.append(UInt8(truncatingIfNeeded: value))
        case 0x80...0xFF: self.head(0xCC, UInt8(truncatingIfNeeded: value))
        case 0x100...0xFFFF: self.head(0xCD, UInt16(truncatingIfNeeded: value))
        case 0x1_0000...0xFFFF_FFFF: self.head(0xCE, UInt32(truncatingIfNeeded: value))
        case 0x1_0000_0000...Int64.max: self.head(0xCF, value)
        case -0x80 ..< -32: self.head(0xD0, UInt8(truncatingIfNeeded: value))
        case -0x8000 ..< -0x80: self.head(0xD1, UInt16(truncatingIfNeeded: value))
        case -0x8000_0000 ..< -0x8000: self.head(0xD2, UInt32(truncatingIfNeeded: value))
        default: self.head(0xD3, value)
        }
    }

    /// Writes a double in 9 bytes. One that is not finite is written too; a broker refuses the message (V5).
    public mutating func double(_ value: Double) { self.head(0xCB, value.bitPattern) }

    public mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { self.string(utf8: UnsafeRawBufferPointer($0)) }
    }

    public mutating func string(_ text: StaticString) {
        text.withUTF8Buffer { self.string(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Writes a string from its UTF-8, which is not checked: a broker refuses a message with malformed UTF-8 (V3).
    public mutating func string(utf8: UnsafeRawBufferPointer) {
        self.stringHead(count: utf8.count)
        self.bytes.append(contentsOf: utf8)
    }

    /// Writes a string from its UTF-8, which is not checked: a broker refuses a message with malformed UTF-8 (V3).
    public mutating func string(utf8: Span<UInt8>) {
        utf8.withUnsafeBytes { self.string(utf8: $0) }
    }

    public mutating func bytes(_ bytes: UnsafeRawBufferPointer) {
        self.bytesHead(count: bytes.count)
        self.bytes.append(contentsOf: bytes)
    }

    public mutating func bytes(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { self.bytes($0) }
    }

    public mutating func bytes(_ bytes: [UInt8]) {
        self.bytesHead(count: bytes.count)
        self.bytes.append(contentsOf: bytes)
    }

    public mutating func value(_ value: Value) {
        switch value {
        case .null: self.null()
        case .bool(let value): self.bool(value)
        case .int(let value): self.int(value)
        case .double(let value): self.double(value)
        case .string(let value): self.string(value)
        case .bytes(let value): self.bytes(value)
        case .list(let values):
            self.list(count: values.count)
            for value in values { self.value(value) }
        case .map(let message): self.map(message)
        }
    }

    /// Writes a whole map.
    public mutating func map(_ message: Message) {
        self.map(count: message.count)
        for (key, value) in message {
            self.string(key)
            self.value(value)
        }
    }

    /// Ends the writing and returns what was written.
    public consuming func finish() -> Payload { Payload(messagePack: self.bytes) }
}

// MARK: Heads
extension MessagePackWriter {
    private mutating func stringHead(count: Int) {
        if 32...0xFF ~= count {
            self.head(0xD9, UInt8(truncatingIfNeeded: count))
        } else {
            self.head(count, fixed: 0xA0, below: 32, long: 0xDA)
        }
    }

    /// Begins bytes, of which `count` must follow by ``append(_:)``.
    package mutating func bytesHead(count: Int) {
        if count <= 0xFF {
            self.head(0xC4, UInt8(truncatingIfNeeded: count))
        } else {
            self.head(count, fixed: 0, below: 0, long: 0xC5)
        }
    }

    /// Adds one byte of what ``bytesHead(count:)`` has begun.
    package mutating func append(_ byte: UInt8) { self.bytes.append(byte) }

    /// Adds some bytes of what ``bytesHead(count:)`` has begun.
    package mutating func append(_ bytes: UnsafeRawBufferPointer) { self.bytes.append(contentsOf: bytes) }

    /// A count in the type's own byte when it is below a limit, else in two bytes behind `long` or in four behind the
    /// type that follows `long`.
    private mutating func head(_ count: Int, fixed: UInt8, below limit: Int, long: UInt8) {
        if count < limit {
            self.bytes.append(fixed | UInt8(truncatingIfNeeded: count))
        } else if count <= 0xFFFF {
            self.head(long, UInt16(truncatingIfNeeded: count))
        } else {
            self.head(long + 1, UInt32(truncatingIfNeeded: count))
        }
    }

    private mutating func head(_ type: UInt8, _ number: some FixedWidthInteger) {
        self.bytes.append(type)
        withUnsafeBytes(of: number.bigEndian) { self.bytes.append(contentsOf: $0) }
    }
}
