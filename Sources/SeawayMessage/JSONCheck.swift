/// Checks JSON text against RFC 8259 and V3–V8, in one pass.
struct JSONCheck<Shapes: JSONShapes> {
    private(set) var shapes: Shapes
    private var offset = 0

    init(shapes: Shapes) { self.shapes = shapes }

    /// Whether the text is exactly one map, with nothing but white space around it.
    mutating func isMap(_ bytes: Span<UInt8>) -> Bool {
        JSONScan.skipSpace(bytes, &self.offset)
        guard let shape = self.map(bytes, depth: 1), shape != .bytes else { return false }
        JSONScan.skipSpace(bytes, &self.offset)
        return self.offset == bytes.count
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) -> Bool {
        guard self.offset < bytes.count else { return false }
        return switch bytes[self.offset] {
        case UInt8(ascii: "{"): self.map(bytes, depth: depth) != nil
        case UInt8(ascii: "["): self.list(bytes, depth: depth)
        case UInt8(ascii: "\""): JSONScan.string(bytes, &self.offset) != nil
        case UInt8(ascii: "t"): JSONScan.word("true", bytes, &self.offset)
        case UInt8(ascii: "f"): JSONScan.word("false", bytes, &self.offset)
        case UInt8(ascii: "n"): JSONScan.word("null", bytes, &self.offset)
        default: JSONScan.number(bytes, &self.offset) != nil
        }
    }

    private mutating func list(_ bytes: Span<UInt8>, depth: Int) -> Bool {
        guard depth <= BodyCheck.maxDepth else { return false }
        let place = self.shapes.open()
        var count = 0
        self.offset += 1
        JSONScan.skipSpace(bytes, &self.offset)
        if !JSONScan.take("]", bytes, &self.offset) {
            repeat {
                JSONScan.skipSpace(bytes, &self.offset)
                guard self.value(bytes, depth: depth + 1) else { return false }
                count += 1
                JSONScan.skipSpace(bytes, &self.offset)
            } while JSONScan.take(",", bytes, &self.offset)
            guard JSONScan.take("]", bytes, &self.offset) else { return false }
        }
        self.shapes.close(place, as: .list(count: count))
        return true
    }

    /// Reads a map, or bytes in the form of one.
    private mutating func map(_ bytes: Span<UInt8>, depth: Int) -> JSONShape? {
        // One more than the limit may open, since bytes do not count as a map.
        guard depth <= BodyCheck.maxDepth + 1, JSONScan.take("{", bytes, &self.offset) else { return nil }
        let place = self.shapes.open()
        var count = 0
        var firstKey = DollarKey.none
        var firstIsBase64 = false
        JSONScan.skipSpace(bytes, &self.offset)
        if !JSONScan.take("}", bytes, &self.offset) {
            repeat {
                guard let key = self.key(bytes) else { return nil }
                let start = self.offset
                guard self.value(bytes, depth: depth + 1) else { return nil }
                if count == 0 {
                    firstKey = DollarKey(key, bytes)
                    firstIsBase64 = firstKey == .bytes && self.isBase64(bytes, at: start)
                }
                count += 1
                JSONScan.skipSpace(bytes, &self.offset)
            } while JSONScan.take(",", bytes, &self.offset)
            guard JSONScan.take("}", bytes, &self.offset) else { return nil }
        }
        let shape = Self.shape(count: count, firstKey)
        guard shape == .bytes ? firstIsBase64 : depth <= BodyCheck.maxDepth else { return nil }
        self.shapes.close(place, as: shape)
        return shape
    }

    private static func shape(count: Int, _ firstKey: DollarKey) -> JSONShape {
        switch firstKey {
        case .bytes where count == 1: .bytes
        case .escaped where count == 1: .dollarMap
        default: .map(count: count)
        }
    }

    private mutating func key(_ bytes: Span<UInt8>) -> JSONScan.Text? {
        JSONScan.skipSpace(bytes, &self.offset)
        let key = JSONScan.string(bytes, &self.offset)
        JSONScan.skipSpace(bytes, &self.offset)
        guard JSONScan.take(":", bytes, &self.offset) else { return nil }
        JSONScan.skipSpace(bytes, &self.offset)
        return key
    }

    private func isBase64(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        var offset = start
        guard let text = JSONScan.string(bytes, &offset) else { return false }
        return text.isEscaped
            ? Base64.isWellFormed(JSONScan.unescaped(text, bytes).span)
            : Base64.isWellFormed(bytes.extracting(text.content))
    }
}
