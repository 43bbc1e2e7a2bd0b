import SeawayNIO

/// Which answers are compressed on their way, and how (protocol/INTERFACE.md, section 15).
package struct CompressionConfiguration: Hashable, Sendable {
    /// Off unless wanted: what is compressed tells by its length what is in it (BREACH).
    package var isEnabled = false
    /// Bytes of content below which it is not worth it.
    package var smallest = 1_024
    /// 1 (fast) to 9 (small).
    package var level = 5
    /// At once: each takes ``memoryOfEach`` bytes.
    package var maxCompressors = 256
    /// In lower case: `text/html`, `text/*`, or `*+json` for all that end so.
    package var mediaTypes = CompressionConfiguration.usualTypes
    /// Bytes that are compressed before others have their turn: about a millisecond, and at level 9 four.
    package var pieceSize = 32_768

    /// A window of 32 KiB, its hash table, and what waits to be written.
    package static let memoryOfEach = 268_288

    package static let usualTypes = [
        "text/*", "application/json", "application/javascript", "application/xml", "application/wasm",
        "application/vnd.apple.mpegurl", "application/dash+xml", "*+json", "*+xml",
    ]

    package init() {}

    /// Whether content of this type becomes smaller.
    ///
    /// - Parameter field: the value of `Content-Type`.
    package func suits(_ field: String) -> Bool {
        let end = field.utf8.firstIndex(of: UInt8(ascii: ";")) ?? field.endIndex
        let type = FieldValue.trimmed(field[..<end]).lowercased()
        return self.mediaTypes.contains { Self.matches(type, $0) }
    }

    private static func matches(_ type: String, _ pattern: String) -> Bool {
        if pattern.hasSuffix("/*") { return type.hasPrefix(pattern.dropLast()) }
        if pattern.hasPrefix("*+") { return type.hasSuffix(pattern.dropFirst()) }
        return type == pattern
    }
}
