/// The words of a line, one after the other.
///
/// Holds positions, not bytes: each call is given the line again.
package struct Words: Sendable {
    private var position = 0

    package init() {}

    /// The next word's place in the line, `nil` behind the last.
    @inline(__always)
    package mutating func next(in line: Span<UInt8>) -> Range<Int>? {
        guard self.position < line.count else { return nil }
        let start = self.position
        var end = start
        while end < line.count, line[end] != UInt8(ascii: " ") { end += 1 }
        self.position = end + 1
        return start..<end
    }

    /// Everything behind the words that were read.
    package func remainder(of line: Span<UInt8>) -> String {
        self.position < line.count ? line.extracting(self.position...).text : ""
    }
}

/// The option words of a line: `KEY=VALUE` (F8, F9).
package struct WireOptions: Hashable, Sendable {
    /// In the order of the line.
    package private(set) var all: [(key: String, value: String)] = []

    /// Options in one frame (F8).
    package static let most = 16

    package init() {}

    package subscript(_ key: String) -> String? { self.all.first { $0.key == key }?.value }

    /// Takes one word that holds a `=`.
    package mutating func add(_ word: Span<UInt8>) throws(WireRefusal) {
        guard let split = word.firstIndex(of: UInt8(ascii: "=")), Self.isKey(word.extracting(..<split)) else {
            throw .option("an option is a name, = and a value")
        }
        let key = word.extracting(..<split).text
        guard split + 1 < word.count else { throw .option("\(key) has no value") }
        guard self[key] == nil else { throw .option("\(key) is given twice") }
        guard self.all.count < Self.most else { throw .option("a frame has at most \(Self.most) options") }
        self.all.append((key, word.extracting((split + 1)...).text))
    }

    /// Refuses capital options that the verb does not know (F9).
    package func refuseUnknown(besides known: [String]) throws(WireRefusal) {
        for (key, _) in self.all where key.utf8.first.map({ $0 < UInt8(ascii: "a") }) == true && !known.contains(key) {
            throw .option("\(key) is not known here")
        }
    }

    private static func isKey(_ key: Span<UInt8>) -> Bool {
        guard key.count > 0 else { return false }
        for index in 0..<key.count {
            switch key[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                guard index > 0 else { return false }
            default: return false
            }
        }
        return true
    }

    package static func == (left: WireOptions, right: WireOptions) -> Bool {
        left.all.elementsEqual(right.all, by: ==)
    }

    package func hash(into hasher: inout Hasher) {
        for (key, value) in self.all {
            hasher.combine(key)
            hasher.combine(value)
        }
    }
}

extension Span<UInt8> {
    package func firstIndex(of byte: UInt8) -> Int? {
        for index in 0..<self.count where self[index] == byte { return index }
        return nil
    }

    /// The bytes as text; what is not UTF-8 is replaced.
    package var text: String { self.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }

    package var array: [UInt8] { self.withUnsafeBufferPointer { Array($0) } }

    @inline(__always)
    package func equals(_ word: StaticString) -> Bool {
        guard self.count == word.utf8CodeUnitCount else { return false }
        let start = word.utf8Start
        for index in 0..<self.count where self[index] != start[index] { return false }
        return true
    }
}
