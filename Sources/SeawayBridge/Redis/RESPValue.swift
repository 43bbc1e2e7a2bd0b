/// A value of the Redis protocol, version 2 (RESP2).
package indirect enum RESPValue: Hashable, Sendable {
    case simple([UInt8])
    case error(String)
    case integer(Int)
    case bulk([UInt8])
    case array([RESPValue])
    case null

    /// The bytes of a string.
    package var bytes: [UInt8]? {
        switch self {
        case .simple(let bytes), .bulk(let bytes): bytes
        default: nil
        }
    }

    package var array: [RESPValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    /// A command as a client writes it: an array of strings.
    package static func command(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += Array("$\(word.count)\r\n".utf8)
            bytes += word
            bytes += [0x0D, 0x0A]
        }
        return bytes
    }
}

/// Finds the values in what a Redis server sends; the caller keeps the bytes.
package struct RESPParser: Sendable {
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case malformed
        /// A value is larger than allowed, or nests deeper than 8.
        case tooLarge(limit: Int)

        package var description: String {
            switch self {
            case .malformed: "what came is not the protocol of Redis"
            case .tooLarge(let limit): "a value of more than \(limit) bytes"
            }
        }
    }

    private static let maxDepth = 8
    private static let maxLine = 64 << 10
    private let maxValue: Int

    /// - Parameter maxValue: bytes of one value, with all that is in it.
    package init(maxValue: Int) { self.maxValue = maxValue }

    /// The first value of the unread bytes.
    ///
    /// - Returns: the value and how many bytes it took; nil when more bytes are needed.
    /// - Throws: when no more bytes can make a value of these.
    package func next(_ unread: ArraySlice<UInt8>) throws(Fault) -> (value: RESPValue, length: Int)? {
        var rest = unread
        guard let value = try self.value(&rest, depth: 1) else {
            guard unread.count <= self.maxValue else { throw .tooLarge(limit: self.maxValue) }
            return nil
        }
        return (value, unread.count - rest.count)
    }

    private func value(_ rest: inout ArraySlice<UInt8>, depth: Int) throws(Fault) -> RESPValue? {
        guard depth <= Self.maxDepth else { throw .tooLarge(limit: self.maxValue) }
        guard let line = try self.line(&rest), let type = line.first else { return nil }
        let text = line.dropFirst()
        switch type {
        case UInt8(ascii: "+"): return .simple(Array(text))
        case UInt8(ascii: "-"): return .error(String(decoding: text, as: UTF8.self))
        case UInt8(ascii: ":"): return .integer(try Self.number(text))
        case UInt8(ascii: "$"): return try self.bulk(try Self.number(text), &rest)
        case UInt8(ascii: "*"): return try self.array(try Self.number(text), &rest, depth)
        default: throw .malformed
        }
    }

    private func line(_ rest: inout ArraySlice<UInt8>) throws(Fault) -> ArraySlice<UInt8>? {
        guard let end = rest.prefix(Self.maxLine).firstIndex(of: 0x0D) else {
            guard rest.count < Self.maxLine else { throw .malformed }
            return nil
        }
        guard end + 1 < rest.endIndex else { return nil }
        guard rest[end + 1] == 0x0A, end > rest.startIndex else { throw .malformed }
        defer { rest = rest[(end + 2)...] }
        return rest[..<end]
    }

    private func bulk(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws(Fault) -> RESPValue? {
        guard count >= 0 else { return .null }
        guard count <= self.maxValue else { throw .tooLarge(limit: self.maxValue) }
        guard rest.count >= count + 2 else { return nil }
        guard rest.dropFirst(count).prefix(2).elementsEqual([0x0D, 0x0A]) else { throw .malformed }
        defer { rest = rest.dropFirst(count + 2) }
        return .bulk(Array(rest.prefix(count)))
    }

    private func array(_ count: Int, _ rest: inout ArraySlice<UInt8>, _ depth: Int) throws(Fault) -> RESPValue? {
        guard count >= 0 else { return .null }
        guard count <= self.maxValue else { throw .tooLarge(limit: self.maxValue) }
        var values: [RESPValue] = []
        for _ in 0..<count {
            guard let value = try self.value(&rest, depth: depth + 1) else { return nil }
            values.append(value)
        }
        return .array(values)
    }

    private static func number(_ text: ArraySlice<UInt8>) throws(Fault) -> Int {
        guard let number = Int(String(decoding: text, as: UTF8.self)) else { throw .malformed }
        return number
    }
}
