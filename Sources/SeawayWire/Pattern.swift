/// A name with `*` for any run of bytes (N5).
package struct Pattern: Hashable, Sendable, CustomStringConvertible {
    private let bytes: [UInt8]

    /// A legal pattern, `nil` for any other bytes.
    package init?(_ bytes: [UInt8]) {
        guard (1...Name.maxLength).contains(bytes.count),
            bytes.allSatisfy({ Name.isNameByte($0) || "!?*".utf8.contains($0) })
        else { return nil }
        self.bytes = bytes
    }

    package init?(_ text: String) { self.init(Array(text.utf8)) }

    /// Bytes.
    package var count: Int { self.bytes.count }

    package var description: String { String(decoding: self.bytes, as: UTF8.self) }

    /// Whether it speaks of mailboxes: it ends in `!` (S5).
    package var isForMailboxes: Bool { self.bytes.last == UInt8(ascii: "!") }

    /// Whether the pattern matches the whole name.
    ///
    /// - Complexity: O(pattern length × name length) at worst, both at most 255; without recursion.
    package func matches(_ name: Name) -> Bool { self.matches(name.bytes.span) }

    /// Whether every name that the other matches is one that this matches too.
    ///
    /// The other is read as a name whose `*` only a `*` matches: what that finds covered surely is.
    package func covers(_ other: Pattern) -> Bool { self.matches(other.bytes.span) }

    /// - Parameter name: checked before; a `*` in it is a byte that only a `*` matches.
    package func matches(_ name: Span<UInt8>) -> Bool {
        let star = UInt8(ascii: "*")
        var pattern = 0
        var position = 0
        var retry: (pattern: Int, position: Int)?
        while position < name.count {
            if pattern < self.bytes.count, self.bytes[pattern] == star {
                retry = (pattern + 1, position)
                pattern += 1
            } else if pattern < self.bytes.count, self.bytes[pattern] == name[position] {
                pattern += 1
                position += 1
            } else if let (afterStar, start) = retry {
                retry = (afterStar, start + 1)
                pattern = afterStar
                position = start + 1
            } else {
                return false
            }
        }
        return self.bytes[pattern...].allSatisfy { $0 == star }
    }
}
