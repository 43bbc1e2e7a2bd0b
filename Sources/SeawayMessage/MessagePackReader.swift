/// Reads a payload value by value, from its first to its last byte.
///
/// Every method answers nil (or false) for what is malformed or of another kind; the reader must not be used after
/// that. Strings and bytes are given as the range of ``Payload/messagePack`` that they fill, so nothing is copied.
package struct MessagePackReader: Sendable {
    private let bytes: [UInt8]
    private var offset = 0

    package init(_ payload: Payload) { self.bytes = payload.messagePack }

    package var isAtEnd: Bool { self.offset == self.bytes.count }

    /// Begins to read a map.
    ///
    /// - Returns: how many keys with values follow.
    package mutating func map() -> Int? {
        if case .map(let count)? = self.head() { count } else { nil }
    }

    /// Begins to read a list.
    ///
    /// - Returns: how many values follow.
    package mutating func list() -> Int? {
        if case .list(let count)? = self.head() { count } else { nil }
    }

    /// Reads a string of well-formed UTF-8, such as a key.
    package mutating func string() -> Range<Int>? {
        guard case .string(let count)? = self.head() else { return nil }
        return self.text(count)
    }

    /// Reads bytes, or a string as its UTF-8 (V10).
    package mutating func data() -> Range<Int>? {
        switch self.head() {
        case .bytes(let count): self.take(count)
        case .string(let count): self.text(count)
        default: nil
        }
    }

    package mutating func int() -> Int64? {
        if case .int(let value)? = self.head() { value } else { nil }
    }

    package mutating func bool() -> Bool? {
        if case .bool(let value)? = self.head() { value } else { nil }
    }

    /// Moves behind the next value, whatever it is.
    package mutating func skip() -> Bool {
        var offset = self.offset
        defer { self.offset = offset }
        return BodyCheck.skip(self.bytes.span, &offset, depth: 1)
    }

    /// Decodes the next value, which may nest 64 deep.
    package mutating func value() -> Value? { self.value(depth: 1) }

    /// Whether the bytes of a range are those of a text.
    package func holds(_ text: StaticString, at range: Range<Int>) -> Bool {
        text.withUTF8Buffer { self.bytes[range].elementsEqual($0) }
    }
}

// MARK: Steps
extension MessagePackReader {
    private mutating func value(depth: Int) -> Value? {
        switch self.head() {
        case nil: nil
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value): .int(value)
        case .double(let value): .double(value)
        case .string(let count): self.text(count).map { .string(self.decoded($0)) }
        case .bytes(let count): .bytes(Array(self.bytes[self.take(count)]))
        case .list(let count): self.list(count, depth: depth)
        case .map(let count): self.map(count, depth: depth)
        }
    }

    private mutating func list(_ count: Int, depth: Int) -> Value? {
        guard depth <= BodyCheck.maxDepth else { return nil }
        var values: [Value] = []
        for _ in 0..<count {
            guard let value = self.value(depth: depth + 1) else { return nil }
            values.append(value)
        }
        return .list(values)
    }

    private mutating func map(_ count: Int, depth: Int) -> Value? {
        guard depth <= BodyCheck.maxDepth else { return nil }
        var pairs: [(String, Value)] = []
        for _ in 0..<count {
            guard let key = self.string(), let value = self.value(depth: depth + 1) else { return nil }
            pairs.append((self.decoded(key), value))
        }
        return .map(Message(pairs))
    }

    private mutating func head() -> MessagePackHead? {
        var offset = self.offset
        defer { self.offset = offset }
        return MessagePackHead.read(self.bytes.span, &offset)
    }

    private mutating func text(_ count: Int) -> Range<Int>? {
        let range = self.take(count)
        return UTF8Check.isWellFormed(self.bytes.span, range) ? range : nil
    }

    private mutating func take(_ count: Int) -> Range<Int> {
        defer { self.offset += count }
        return self.offset..<self.offset + count
    }

    private func decoded(_ range: Range<Int>) -> String { String(decoding: self.bytes[range], as: UTF8.self) }
}
