/// A name with `*` for any run of bytes (N5).
package struct Pattern: Sendable, CustomStringConvertible {
    private let bytes: [UInt8]
    /// Where the first and the last `*` stand; `nil` without any.
    private let stars: (first: Int, last: Int)?
    /// For each byte between those two: how many bytes up to it are, again, the beginning of their part. So much of the
    /// part is found already where the byte behind it does not fit, and no byte of a name is looked at for it again.
    private let borders: [UInt8]

    /// How many `*` a pattern may hold; those side by side are one.
    package static let mostStars = 32

    /// A legal pattern, `nil` for any other bytes.
    package init?(_ bytes: [UInt8]) {
        guard (1...Name.maxLength).contains(bytes.count),
            bytes.allSatisfy({ Name.isNameByte($0) || "!?*".utf8.contains($0) }),
            bytes.indices.count(where: { bytes[$0] == Self.star && ($0 == 0 || bytes[$0 - 1] != Self.star) })
                <= Self.mostStars
        else { return nil }
        self.bytes = bytes
        if let first = bytes.firstIndex(of: Self.star), let last = bytes.lastIndex(of: Self.star) {
            self.stars = (first, last)
            self.borders = Self.borders(of: bytes[first...last])
        } else {
            self.stars = nil
            self.borders = []
        }
    }

    package init?(_ text: String) { self.init(Array(text.utf8)) }

    /// Bytes.
    package var count: Int { self.bytes.count }

    /// Bytes that it takes in memory.
    package var size: Int { self.bytes.count + self.borders.count }

    package var description: String { String(decoding: self.bytes, as: UTF8.self) }

    /// Whether it speaks of mailboxes: it ends in `!` (S5).
    package var isForMailboxes: Bool { self.bytes.last == UInt8(ascii: "!") }

    /// Whether the pattern matches the whole name.
    ///
    /// - Complexity: O(pattern length + name length), whatever they hold.
    package func matches(_ name: Name) -> Bool { self.matches(name.bytes.span) }

    /// Whether every name that the other matches is one that this matches too.
    ///
    /// The other is read as a name whose `*` only a `*` matches: what that finds covered surely is.
    package func covers(_ other: Pattern) -> Bool { self.matches(other.bytes.span) }

    /// - Parameter name: checked before; a `*` in it is a byte that only a `*` matches.
    package func matches(_ name: Span<UInt8>) -> Bool { self.matches(name) {} }

    /// How many bytes are compared to find out whether it matches: what that costs.
    package func comparisons(with name: Name) -> Int {
        var count = 0
        _ = self.matches(name.bytes.span) { count += 1 }
        return count
    }
}

extension Pattern: Hashable {
    package static func == (left: Pattern, right: Pattern) -> Bool { left.bytes == right.bytes }

    package func hash(into hasher: inout Hasher) { hasher.combine(self.bytes) }
}

/// What stands before the first `*` and behind the last is compared in its place; the parts between are looked for from
/// left to right, each once: the first place where one fits leaves most room for the others.
extension Pattern {
    private static let star = UInt8(ascii: "*")

    /// - Parameter looks: called for each comparison.
    @inline(__always)
    private func matches(_ name: Span<UInt8>, looks: () -> Void) -> Bool {
        guard let stars = self.stars else {
            return name.count == self.bytes.count && self.equals(name, 0, 0, count: self.bytes.count, looks)
        }
        let behind = self.bytes.count - stars.last - 1
        let end = name.count - behind
        return end >= stars.first && self.equals(name, end, stars.last + 1, count: behind, looks)
            && self.equals(name, 0, 0, count: stars.first, looks)
            && self.finds(in: name, from: stars.first, to: end, looks)
    }

    /// Compares from the end, where names differ soonest.
    @inline(__always)
    private func equals(_ name: Span<UInt8>, _ place: Int, _ start: Int, count: Int, _ looks: () -> Void) -> Bool {
        var left = count
        while left > 0 {
            left -= 1
            looks()
            guard name[place + left] == self.bytes[start + left] else { return false }
        }
        return true
    }

    /// Whether all parts between the first and the last `*` are there, one behind the other.
    @inline(__always)
    private func finds(in name: Span<UInt8>, from begin: Int, to end: Int, _ looks: () -> Void) -> Bool {
        guard let stars = self.stars else { return true }
        var start = stars.first + 1
        var next = start
        var position = begin
        while next < stars.last {
            if self.bytes[next] == Self.star {
                next += 1
                start = next
                continue
            }
            guard position < end else { return false }
            looks()
            if name[position] == self.bytes[next] {
                position += 1
                next += 1
            } else if next > start {
                next = start + Int(self.borders[next - 1 - stars.first])
            } else {
                position += 1
            }
        }
        return true
    }

    /// - Parameter middle: from the first `*` to the last.
    private static func borders(of middle: ArraySlice<UInt8>) -> [UInt8] {
        guard middle.count > 2 else { return [] }
        let bytes = Array(middle)
        var borders = [UInt8](repeating: 0, count: bytes.count)
        var start = 0
        var border = 0
        for index in 1..<bytes.count {
            if bytes[index] == Self.star || bytes[index - 1] == Self.star {
                start = bytes[index] == Self.star ? index + 1 : index
                border = 0
                continue
            }
            while border > 0, bytes[index] != bytes[start + border] { border = Int(borders[start + border - 1]) }
            if bytes[index] == bytes[start + border] { border += 1 }
            borders[index] = UInt8(border)
        }
        return borders
    }
}
