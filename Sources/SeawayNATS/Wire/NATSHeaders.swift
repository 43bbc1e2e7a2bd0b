/// The headers of a message: a status, which only servers give, and fields in their order.
package struct NATSHeaders: Hashable, Sendable {
    /// For instance 503: nobody takes what was asked.
    package var status: Int?
    /// What stands behind the status.
    package var text = ""
    package private(set) var fields: [(name: String, value: String)] = []

    package init() {}

    /// - Parameter fields: those whose name or value could not stand in a header are left out.
    package init(_ fields: KeyValuePairs<String, String>) {
        for (name, value) in fields { self.add(name, value) }
    }

    /// - Returns: whether name and value can stand in a header.
    @discardableResult
    package mutating func add(_ name: String, _ value: String) -> Bool {
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }),
            value.utf8.allSatisfy({ $0 != 0x0D && $0 != 0x0A && $0 != 0 })
        else { return false }
        self.fields.append((name, value))
        return true
    }

    /// The first with that name, in any case.
    package subscript(name: String) -> String? {
        let wanted = name.lowercased()
        return self.fields.first { $0.name.lowercased() == wanted }?.value
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.text == right.text
            && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.status)
        for field in self.fields { hasher.combine(field.name) }
    }
}

extension NATSHeaders {
    private static let version = Array("NATS/1.0".utf8)

    /// Reads a block of headers. Whoever publishes has written it, so it may be anything.
    ///
    /// - Returns: `nil` for bytes that are no headers.
    package init?(_ bytes: Span<UInt8>) {
        var lines: [ArraySlice<UInt8>] = []
        let all = bytes.withUnsafeBufferPointer { Array($0) }
        var start = 0
        for place in all.indices where all[place] == UInt8(ascii: "\n") {
            guard place > start, all[place - 1] == UInt8(ascii: "\r") else { return nil }
            lines.append(all[start..<place - 1])
            start = place + 1
        }
        guard start == all.count, lines.count >= 2, lines.last?.isEmpty == true, let first = lines.first,
            first.starts(with: Self.version)
        else { return nil }
        let status = Self.text(first.dropFirst(Self.version.count))
        if !status.isEmpty {
            let parts = status.split(separator: " ", maxSplits: 1)
            guard let number = parts.first.flatMap({ Int($0) }), (0...999).contains(number) else { return nil }
            self.status = number
            self.text = parts.count > 1 ? String(parts[1]) : ""
        }
        for line in lines.dropFirst().dropLast() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            self.fields.append((Self.text(line[..<colon]), Self.text(line[(colon + 1)...])))
        }
    }

    /// Whether something stands in the first line behind the version; to be looked at before a block is read.
    static func mayHaveStatus(_ block: [UInt8]) -> Bool {
        block.count > Self.version.count && block[Self.version.count] != UInt8(ascii: "\r")
    }

    /// Whether a block has a name in it, in any case; if so it may be that of a field, and not else.
    static func mentions(_ name: StaticString, _ block: [UInt8]) -> Bool {
        let length = name.utf8CodeUnitCount
        let first = Self.lowercased(name.utf8Start[0])
        var start = 0
        while start + length <= block.count {
            if Self.lowercased(block[start]) == first, Self.isSame(name, block, at: start) { return true }
            start += 1
        }
        return false
    }

    /// Whether a block has this line, in any case.
    static func hasLine(_ line: StaticString, _ block: [UInt8]) -> Bool {
        let length = line.utf8CodeUnitCount
        var start = 0
        while start + length + 2 <= block.count {
            let isAtStart = start > 0 && block[start - 1] == UInt8(ascii: "\n")
            if isAtStart, block[start + length] == UInt8(ascii: "\r"), Self.isSame(line, block, at: start) {
                return true
            }
            start += 1
        }
        return false
    }

    private static func isSame(_ text: StaticString, _ block: [UInt8], at start: Int) -> Bool {
        for place in 0..<text.utf8CodeUnitCount
        where Self.lowercased(block[start + place]) != Self.lowercased(text.utf8Start[place]) { return false }
        return true
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    /// Without space around it.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let start = bytes.drop { isSpace($0) }
        let end = start.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start.startIndex
        return String(decoding: start[start.startIndex..<end], as: UTF8.self)
    }

    /// The block as it goes on the wire; empty without any header.
    package var block: [UInt8] {
        guard self.status != nil || !self.fields.isEmpty else { return [] }
        var block = Self.version
        if let status { block += Array(" \(status)\(self.text.isEmpty ? "" : " \(self.text)")".utf8) }
        block += [0x0D, 0x0A]
        for field in self.fields { block += Array("\(field.name): \(field.value)\r\n".utf8) }
        return block + [0x0D, 0x0A]
    }
}
