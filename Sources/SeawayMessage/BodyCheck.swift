/// Tells whether a body is one message (PROTOCOL.md, V1–V8): what the broker asks of each body before it takes it.
package enum BodyCheck {
    /// How deep maps and lists may nest, the body itself being the first (V6).
    package static let maxDepth = 64

    /// Whether the bytes are exactly one MessagePack map that the wire allows.
    package static func isMessagePackMap(_ bytes: Span<UInt8>) -> Bool {
        var offset = 0
        guard case .map(let count)? = MessagePackHead.read(bytes, &offset) else { return false }
        return self.pairs(count, bytes, &offset, depth: 1) && offset == bytes.count
    }

    /// Whether the bytes are exactly one JSON map that the wire allows.
    package static func isJSONMap(_ bytes: Span<UInt8>) -> Bool {
        var check = JSONCheck(shapes: NoJSONShapes())
        return check.isMap(bytes)
    }

    /// Checks one MessagePack value and moves behind it.
    ///
    /// - Parameter depth: of the value, if it is a list or a map.
    static func skip(_ bytes: Span<UInt8>, _ offset: inout Int, depth: Int) -> Bool {
        switch MessagePackHead.read(bytes, &offset) {
        case nil: return false
        case .null, .bool, .int, .double: return true
        case .string(let count): return self.text(count, bytes, &offset)
        case .bytes(let count):
            offset += count
            return true
        case .list(let count): return self.items(count, bytes, &offset, depth: depth)
        case .map(let count): return self.pairs(count, bytes, &offset, depth: depth)
        }
    }

    private static func pairs(_ count: Int, _ bytes: Span<UInt8>, _ offset: inout Int, depth: Int) -> Bool {
        guard depth <= self.maxDepth else { return false }
        for _ in 0..<count {
            guard case .string(let count)? = MessagePackHead.read(bytes, &offset), self.text(count, bytes, &offset),
                self.skip(bytes, &offset, depth: depth + 1)
            else { return false }
        }
        return true
    }

    private static func items(_ count: Int, _ bytes: Span<UInt8>, _ offset: inout Int, depth: Int) -> Bool {
        guard depth <= self.maxDepth else { return false }
        for _ in 0..<count {
            guard self.skip(bytes, &offset, depth: depth + 1) else { return false }
        }
        return true
    }

    private static func text(_ count: Int, _ bytes: Span<UInt8>, _ offset: inout Int) -> Bool {
        defer { offset += count }
        return UTF8Check.isWellFormed(bytes, offset..<offset + count)
    }
}
