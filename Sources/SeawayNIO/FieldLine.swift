package import NIOCore

/// How far the line has come at whose end the bytes of a head stand, if it is a field that NIO's parser reads by
/// itself.
///
/// Those fields say how long the message is and whether the connection stays. The white space in them may be tabs
/// (RFC 9110, 5.6.3), but behind a value's first byte the parser takes spaces only.
package struct FieldLine: Sendable {
    private static let names: Set<[UInt8]> = Set(
        ["connection", "content-length", "transfer-encoding"].map { Array($0.utf8) })
    private static let longestName = 17

    private enum Place: Equatable {
        case name([UInt8])
        /// How many bytes there are of the value, from its first that is no white space.
        case value(Int)
        case other
    }
    private var place = Place.other

    package init() {}

    /// How many bytes of the value have come; `nil` where there is none yet, and in any other line.
    package var valueLength: Int? {
        if case .value(let length) = self.place, length > 0 { length } else { nil }
    }

    /// Whether its colon has come.
    package var isValue: Bool {
        if case .value = self.place { true } else { false }
    }

    /// Whether the colon was the last that is no white space.
    package var isBeforeValue: Bool { self.place == .value(0) }

    /// There is no line here that could be a field.
    package mutating func leave() { self.place = .other }

    /// Goes on by bytes: of those before the last line's end nothing matters any more.
    ///
    /// Most of what it is given is no head but a body, of which it must not cost much to find that out.
    package mutating func follow(_ bytes: ByteBufferView) { bytes.withUnsafeBytes { self.follow($0) } }

    private mutating func follow(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        if let end = bytes.lastOffset(of: UInt8(ascii: "\n")) {
            self.place = .name([])
            rest = rest[(end + 1)...]
        }
        if case .name(let begun) = self.place, !rest.isEmpty {
            guard let colon = rest.prefix(Self.longestName + 1 - begun.count).firstIndex(of: UInt8(ascii: ":")) else {
                let mayGoOn = begun.count + rest.count <= Self.longestName
                self.place = mayGoOn ? .name(begun + rest.map(Self.lowercased)) : .other
                return
            }
            self.place = Self.names.contains(begun + rest[..<colon].map(Self.lowercased)) ? .value(0) : .other
            rest = rest[(colon + 1)...]
        }
        if self.isBeforeValue { rest = rest.drop(while: FieldValue.isSpace) }
        if case .value(let length) = self.place { self.place = .value(length + rest.count) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
