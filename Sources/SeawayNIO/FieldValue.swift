/// The values of header fields, as RFC 9110 has them read (5.5 and 5.6).
package enum FieldValue {
    /// Whether the byte is white space that means nothing around a value and around the elements of a list.
    package static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    /// Whether there is white space around the value, which is no part of it.
    package static func isUntrimmed(_ value: String) -> Bool {
        guard let last = value.utf8.last, let first = value.utf8.first else { return false }
        return Self.isSpace(last) || Self.isSpace(first)
    }

    /// The value without the white space around it.
    package static func trimmed(_ value: String) -> String {
        Self.isUntrimmed(value) ? String(Self.trimmed(value[...])) : value
    }

    /// The same of a part of a value.
    package static func trimmed(_ value: Substring) -> Substring {
        var bytes = value.utf8
        while let first = bytes.first, Self.isSpace(first) { bytes.removeFirst() }
        while let last = bytes.last, Self.isSpace(last) { bytes.removeLast() }
        return Substring(bytes)
    }

    /// The elements of a list of tokens, in lower case; empty ones are passed over.
    ///
    /// A field that came several times is one list: that of all its values, in their order.
    package static func tokens(_ value: String) -> [String] {
        value.utf8.split(separator: UInt8(ascii: ",")).compactMap { element in
            let token = Self.trimmed(Substring(element))
            return token.isEmpty ? nil : token.lowercased()
        }
    }
}
