import SeawayNIO

/// Which part of a file a `Range` field asks for (RFC 9110, 14).
package enum ByteRange: Hashable, Sendable {
    /// All: no range is asked for, or not in a way that can be followed, or several that do not touch each other.
    ///
    /// A server may pass over `Range` (RFC 9110, 14.2), and several parts in one answer serve hardly anybody, but for
    /// whoever wants a server to send the same bytes again and again.
    case whole
    /// Never empty.
    case part(Range<Int>)
    /// 416: none of it is there.
    case unsatisfiable

    /// Of one field; more of them are passed over.
    private static let maxRanges = 16

    /// - Parameters:
    ///   - field: the value of `Range`.
    ///   - size: bytes of the whole.
    package init(_ field: String, size: Int) {
        let sides = field.utf8.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, FieldValue.trimmed(Substring(sides[0])).lowercased() == "bytes" else {
            self = .whole
            return
        }
        var wanted: [Range<Int>] = []
        var count = 0
        for element in sides[1].split(separator: UInt8(ascii: ",")) {
            let text = FieldValue.trimmed(Substring(element))
            guard !text.isEmpty else { continue }
            count += 1
            guard count <= Self.maxRanges, let range = Self.range(text, size: size) else {
                self = .whole
                return
            }
            if !range.isEmpty { wanted.append(range) }
        }
        guard count > 0 else {
            self = .whole
            return
        }
        self = Self.joined(wanted)
    }

    private static func joined(_ ranges: [Range<Int>]) -> ByteRange {
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        guard var all = sorted.first else { return .unsatisfiable }
        for range in sorted.dropFirst() {
            guard range.lowerBound <= all.upperBound else { return .whole }
            all = all.lowerBound..<max(all.upperBound, range.upperBound)
        }
        return .part(all)
    }

    /// `0-499`, `500-` or `-500`
    ///
    /// - Returns: empty when there is nothing at that place; `nil` when it is no range.
    private static func range(_ text: Substring, size: Int) -> Range<Int>? {
        let ends = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        switch (Self.number(ends[0]), Self.number(ends[1])) {
        case (nil, let length?) where ends[0].isEmpty:
            // No range can be said of what is empty, though it is not missing either.
            guard size > 0 || length == 0 else { return nil }
            return (size - min(length, size))..<size
        case (let first?, nil) where ends[1].isEmpty: return first < size ? first..<size : 0..<0
        case (let first?, let last?):
            guard first <= last else { return nil }
            return first < size ? first..<(min(last, size - 1) + 1) : 0..<0
        default: return nil
        }
    }

    /// What does not fit is as large as can be.
    private static func number(_ digits: Substring.UTF8View) -> Int? {
        guard !digits.isEmpty, digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else {
            return nil
        }
        return Int(Substring(digits)) ?? .max
    }
}
