/// A legal name of a channel, a mailbox or a group (PROTOCOL.md, section 2), compared byte by byte.
package struct Name: Hashable, Sendable, CustomStringConvertible {
    /// 1 to 255 bytes.
    package let bytes: [UInt8]

    /// Takes over bytes whose form was found legal.
    package init(checked bytes: [UInt8]) { self.bytes = bytes }

    package var description: String { String(decoding: self.bytes, as: UTF8.self) }

    /// A legal name of any channel or mailbox, for code and options; `nil` for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard NameForm(bytes.span) != nil else { return nil }
        self.bytes = bytes
    }
}

extension Name {
    /// - Parameter isLegalHere: whether a form of names may stand in this place.
    /// - Throws: in the words of the wire, with what is allowed and what was given.
    package init(_ text: String, where isLegalHere: (NameForm) -> Bool) throws(WireRefusal) {
        let bytes = Array(text.utf8)
        guard let form = NameForm(bytes.span), isLegalHere(form) else { throw .name(bytes.span) }
        self.bytes = bytes
    }
}

extension Name {
    /// All bytes at once: byte by byte, as an array does it, takes ten times as long.
    package func hash(into hasher: inout Hasher) {
        self.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
        // What follows another name in a key is no part of it.
        hasher.combine(0xFF as UInt8)
    }
}

extension Name: Comparable {
    package static func < (left: Name, right: Name) -> Bool {
        left.bytes.withUnsafeBytes { left in right.bytes.withUnsafeBytes { Self.precedes(left, $0) } }
    }

    /// Eight bytes at a time, since the names of one kind begin alike.
    @inline(__always)
    private static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        let shared = min(left.count, right.count)
        var index = 0
        while index + 8 <= shared {
            let ours = UInt64(bigEndian: left.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let theirs = UInt64(bigEndian: right.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            if ours != theirs { return ours < theirs }
            index += 8
        }
        while index < shared {
            if left[index] != right[index] { return left[index] < right[index] }
            index += 1
        }
        return left.count < right.count
    }
}

/// What kind of name some bytes are.
package enum NameForm: Hashable, Sendable {
    /// `http.request`; also the only form of a group's name.
    case normal
    /// `http.response.k3f9!17`, with the length of its mailbox's name, up to and including the `!`.
    case reply(mailboxLength: Int)
    /// `http.response.k3f9!`
    case mailbox
    /// `http.request.body?k3f9.17`
    case pinned

    /// The form of a legal name, `nil` of any other bytes.
    ///
    /// - Complexity: O(n), without allocation.
    @inline(__always)
    package init?(_ bytes: Span<UInt8>) {
        guard bytes.count > 0, bytes.count <= Name.maxLength else { return nil }
        var mark = -1
        for index in 0..<bytes.count where !Name.isNameByte(bytes[index]) {
            guard bytes[index] == UInt8(ascii: "!") || bytes[index] == UInt8(ascii: "?"), mark < 0, index > 0
            else { return nil }
            mark = index
        }
        guard mark >= 0 else {
            self = .normal
            return
        }
        let isLast = mark == bytes.count - 1
        if bytes[mark] == UInt8(ascii: "!") {
            self = isLast ? .mailbox : .reply(mailboxLength: mark + 1)
        } else if isLast {
            return nil
        } else {
            self = .pinned
        }
    }

    /// Whether messages may be sent to it (N3).
    package var isChannel: Bool { self != .mailbox }

    /// Whether it is one of a mailbox's channels.
    package var isReply: Bool {
        if case .reply = self { true } else { false }
    }

    /// Whether it has one reader at most (L2).
    package var hasOneReader: Bool { self != .normal }
}

extension Name {
    /// Behind the name of a channel whose messages are acknowledged: where its dead letters wait (D14).
    package static let deadSuffix = Array(".dead".utf8)

    /// Whether it is a channel of dead letters.
    package var isForDeadLetters: Bool {
        self.bytes.count > Self.deadSuffix.count
            && self.bytes.suffix(Self.deadSuffix.count).elementsEqual(Self.deadSuffix)
    }

    /// Whether what waits there may be delivered to be acknowledged (L8).
    package var mayBeAcknowledged: Bool {
        NameForm(self.bytes.span) == .normal
            && (self.isForDeadLetters || self.bytes.count <= Self.maxLength - Self.deadSuffix.count)
    }

    package static let maxLength = 255

    /// Whether the byte may stand in any name, outside its one `!` or `?`.
    @inline(__always)
    package static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
