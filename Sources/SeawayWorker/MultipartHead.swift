/// Why a body is no form in parts, or a larger one than is taken.
package enum MultipartFault: Error, Hashable, Sendable {
    /// The fields of a part are no fields, or do not say `form-data` and a name.
    case malformedHead
    case headTooLarge
    case tooManyParts
}

/// What may be in a form at most; beyond it reading throws.
public struct MultipartLimits: Hashable, Sendable {
    /// At least 1 (1,000).
    public var parts: Int
    /// Bytes of the fields of one part (16,384).
    public var headBytes: Int
    /// Bytes of the whole body (67,108,864).
    public var bytes: Int

    public init(parts: Int = 1_000, headBytes: Int = 16_384, bytes: Int = 67_108_864) {
        self.parts = parts
        self.headBytes = headBytes
        self.bytes = bytes
    }
}

/// The fields of a part.
package struct MultipartHead: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        /// In lower case.
        package let name: String
        package let value: String
    }

    package let fields: [Field]
    package let name: String
    /// As it came, with what looks like a path in it.
    package let filename: String?

    /// - Parameter bytes: the lines, without the empty one at the end.
    init(_ bytes: some Collection<UInt8>) throws(MultipartFault) {
        var fields: [Field] = []
        for line in Self.lines(bytes) { fields.append(try Self.field(line)) }
        guard let disposition = fields.first(where: { $0.name == "content-disposition" })?.value else {
            throw .malformedHead
        }
        let value = HeaderParameters(disposition)
        guard value.value == "form-data", let name = value["name"] else { throw .malformedHead }
        self.fields = fields
        self.name = name
        self.filename = value["filename"]
    }

    private static func lines(_ bytes: some Collection<UInt8>) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        for byte in bytes {
            line.append(byte)
            guard byte == 0x0A, line.dropLast().last == 0x0D else { continue }
            lines.append(line.dropLast(2))
            line = []
        }
        return line.isEmpty ? lines : lines + [line]
    }

    /// A name that is a token, a colon, a value without controls but the tab; folded lines are none (RFC 9110, 5.5).
    private static func field(_ line: [UInt8]) throws(MultipartFault) -> Field {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            line[..<colon].allSatisfy(HeaderParameters.isTokenByte),
            line[colon...].allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == 0x09 })
        else { throw .malformedHead }
        let value = line[(colon + 1)...].trimmed
        return Field(
            name: String(decoding: line[..<colon], as: UTF8.self).lowercased(),
            value: String(decoding: value, as: UTF8.self))
    }
}

/// A value with parameters behind it: `form-data; name="title"` (RFC 9110, 5.6.6).
struct HeaderParameters {
    /// In lower case.
    let value: String
    private var parameters: [(name: String, value: String)] = []

    init(_ text: String) {
        var rest = Array(text.utf8)[...]
        self.value = String(decoding: rest.prefix { $0 != UInt8(ascii: ";") }.trimmed, as: UTF8.self).lowercased()
        rest = rest.drop { $0 != UInt8(ascii: ";") }
        while rest.popFirst() != nil {
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
            rest = rest[name.endIndex...]
            guard rest.first == UInt8(ascii: "=") else { continue }
            rest.removeFirst()
            let value = Self.takeValue(&rest)
            self.parameters.append((String(decoding: name.trimmed, as: UTF8.self).lowercased(), value))
        }
    }

    /// The first of that name, in lower case.
    subscript(name: String) -> String? { self.parameters.first { $0.name == name }?.value }

    /// Takes a value, quoted or not, and what stands before the next `;`.
    private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> String {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
        var value: [UInt8] = []
        if rest.first == UInt8(ascii: "\"") {
            rest.removeFirst()
            while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
                // Nothing else is quoted by a backslash: names of files may hold some.
                if byte == UInt8(ascii: "\\"), let next = rest.first, [UInt8(ascii: "\""), byte].contains(next) {
                    rest.removeFirst()
                    value.append(next)
                } else {
                    value.append(byte)
                }
            }
        } else {
            value = Array(rest.prefix { $0 != UInt8(ascii: ";") }.trimmed)
        }
        rest = rest.drop { $0 != UInt8(ascii: ";") }
        return String(decoding: value, as: UTF8.self)
    }

    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension Collection<UInt8> where Self: BidirectionalCollection, SubSequence: BidirectionalCollection {
    /// Without spaces and tabs at its ends.
    fileprivate var trimmed: ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let text = Array(self.drop(while: isSpace))
        guard let last = text.lastIndex(where: { !isSpace($0) }) else { return [] }
        return text[...last]
    }
}
