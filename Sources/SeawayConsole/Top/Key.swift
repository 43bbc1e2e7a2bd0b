/// A key of a terminal.
package enum Key: Hashable, Sendable {
    case character(Character)
    case enter, escape, backspace
    case up, down, left, right, pageUp, pageDown, home, end
    /// Control and C.
    case interrupt
    /// Control and L.
    case redraw

    private static let sequences: [String: Key] = [
        "A": .up, "B": .down, "C": .right, "D": .left, "H": .home, "F": .end, "5~": .pageUp, "6~": .pageDown,
        "1~": .home,
        "4~": .end,
    ]

    /// Reads what a terminal has sent at once; what is unknown is passed over.
    ///
    /// An escape with nothing behind it is the key of that name.
    package static func keys(in bytes: [UInt8]) -> [Key] {
        var keys: [Key] = []
        var rest = Substring(String(decoding: bytes, as: UTF8.self))
        while let character = rest.popFirst() {
            switch character {
            case "\u{1B}" where rest.first == "[" || rest.first == "O":
                rest.removeFirst()
                let sequence = rest.prefix { !$0.isSequenceEnd } + rest.drop { !$0.isSequenceEnd }.prefix(1)
                rest = rest.dropFirst(sequence.count)
                if let key = Self.sequences[String(sequence)] { keys.append(key) }
            case "\u{1B}": keys.append(.escape)
            case "\r", "\n", "\r\n": keys.append(.enter)
            case "\u{7F}", "\u{08}": keys.append(.backspace)
            case "\u{03}": keys.append(.interrupt)
            case "\u{0C}": keys.append(.redraw)
            default: if character >= " " { keys.append(.character(character)) }
            }
        }
        return keys
    }
}

extension Character {
    /// Letters and `~` end a sequence.
    fileprivate var isSequenceEnd: Bool { self.isLetter || self == "~" }
}
