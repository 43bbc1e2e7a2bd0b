/// Writes a MessagePack map as JSON while it reads it.
struct JSONFromMessagePack {
    private var writer: JSONWriter
    private var offset = 0

    init(capacity: Int) { self.writer = JSONWriter(capacity: capacity) }

    var json: [UInt8] { self.writer.bytes }

    /// - Returns: whether the bytes were exactly one map that the wire allows; else what was written is of no use.
    mutating func translate(_ bytes: Span<UInt8>) -> Bool {
        guard case .map(let count)? = MessagePackHead.read(bytes, &self.offset) else { return false }
        return self.map(count, bytes, depth: 1) && self.offset == bytes.count
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) -> Bool {
        switch MessagePackHead.read(bytes, &self.offset) {
        case nil: return false
        case .null: self.writer.null()
        case .bool(let value): self.writer.bool(value)
        case .int(let value): self.writer.int(value)
        case .double(let value): self.writer.double(value)
        case .string(let count): return self.string(count, bytes)
        case .bytes(let count): self.writer.bytes(bytes.extracting(self.take(count)))
        case .list(let count): return self.list(count, bytes, depth: depth)
        case .map(let count): return self.map(count, bytes, depth: depth)
        }
        return true
    }

    private mutating func string(_ count: Int, _ bytes: Span<UInt8>) -> Bool {
        let range = self.take(count)
        guard UTF8Check.isWellFormed(bytes, range) else { return false }
        self.writer.string(utf8: bytes.extracting(range))
        return true
    }

    private mutating func list(_ count: Int, _ bytes: Span<UInt8>, depth: Int) -> Bool {
        guard depth <= BodyCheck.maxDepth else { return false }
        self.writer.beginList()
        for _ in 0..<count {
            guard self.value(bytes, depth: depth + 1) else { return false }
        }
        self.writer.endList()
        return true
    }

    private mutating func map(_ count: Int, _ bytes: Span<UInt8>, depth: Int) -> Bool {
        guard depth <= BodyCheck.maxDepth else { return false }
        self.writer.beginMap()
        for _ in 0..<count {
            guard self.key(bytes, isOnly: count == 1), self.value(bytes, depth: depth + 1) else { return false }
        }
        self.writer.endMap()
        return true
    }

    private mutating func key(_ bytes: Span<UInt8>, isOnly: Bool) -> Bool {
        guard case .string(let count)? = MessagePackHead.read(bytes, &self.offset) else { return false }
        let range = self.take(count)
        guard UTF8Check.isWellFormed(bytes, range) else { return false }
        let key = bytes.extracting(range)
        if isOnly, DollarKey(key) != .none {
            self.writer.key("$" + key.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
        } else {
            self.writer.key(utf8: key)
        }
        return true
    }

    private mutating func take(_ count: Int) -> Range<Int> {
        defer { self.offset += count }
        return self.offset..<self.offset + count
    }
}
