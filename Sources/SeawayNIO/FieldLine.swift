package import NIOCore

/// How far the line has come at whose end the bytes of a head stand, if it is a field that NIO's parser reads by itself.
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

    /// Whether the colon was the last that is no white space.
    package var isBeforeValue: Bool { self.place == .value(0) }

    /// There is no line here that could be a field.
    package mutating func leave() { self.place = .other }

    /// Goes on by bytes: of those before the last line's end nothing matters any more.
    package mutating func follow(_ bytes: ByteBufferView) {
        let end = bytes.withUnsafeBytes { $0.lastIndex(of: UInt8(ascii: "\n")) }
        if end != nil { self.place = .name([]) }
        var rest = bytes.dropFirst(end.map { $0 + 1 } ?? 0)
        while let byte = rest.first {
            switch self.place {
            case .other: return
            case .name(let name):
                rest.removeFirst()
                if byte == UInt8(ascii: ":") {
                    self.place = Self.names.contains(name) ? .value(0) : .other
                } else {
                    self.place = name.count < Self.longestName ? .name(name + [Self.lowercased(byte)]) : .other
                }
            case .value(0):
                if FieldValue.isSpace(byte) { rest.removeFirst() } else { self.place = .value(rest.count) }
                if self.valueLength != nil { return }
            case .value(let length):
                self.place = .value(length + rest.count)
                return
            }
        }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
