/// Writes JSON without white space (V11) into bytes of its own, and sees to the commas.
///
/// The caller closes what it opens, and writes a key before each value of a map.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init(capacity: Int = 0) { self.bytes.reserveCapacity(capacity) }

    package mutating func beginMap() { self.open("{") }
    package mutating func endMap() { self.close("}") }
    package mutating func beginList() { self.open("[") }
    package mutating func endList() { self.close("]") }

    package mutating func key(_ name: String) {
        self.string(name)
        self.endKey()
    }

    /// Writes a key from well-formed UTF-8.
    package mutating func key(utf8: Span<UInt8>) {
        self.string(utf8: utf8)
        self.endKey()
    }

    package mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { self.string(utf8: $0.span) }
    }

    /// Writes a string from well-formed UTF-8.
    package mutating func string(utf8: Span<UInt8>) {
        self.beginValue()
        self.append("\"")
        self.appendEscaped(utf8)
        self.append("\"")
    }

    /// Writes bytes: as a string where they are well-formed UTF-8 (V10), else as `{"$bytes":"<base64>"}` (V8).
    package mutating func bytes(_ bytes: Span<UInt8>) {
        guard !UTF8Check.isWellFormed(bytes, 0..<bytes.count) else { return self.string(utf8: bytes) }
        self.beginMap()
        self.key("$bytes")
        self.append("\"")
        Base64.encode(bytes, to: &self.bytes)
        self.append("\"")
        self.endMap()
    }

    package mutating func int(_ value: Int) { self.int(Int64(value)) }

    package mutating func int(_ value: Int64) { self.plain(value.description) }

    /// Writes a finite double in the shortest form that reads back the same, always with `.` or `e` (V12).
    package mutating func double(_ value: Double) { self.plain(value.description) }

    package mutating func bool(_ value: Bool) { self.plain(value ? "true" : "false") }

    package mutating func null() { self.plain("null") }

    /// Writes one value that is JSON already, as it is.
    package mutating func raw(_ json: Span<UInt8>) {
        self.beginValue()
        self.append(json)
    }
}

// MARK: Steps
extension JSONWriter {
    private mutating func open(_ bracket: Unicode.Scalar) {
        self.beginValue()
        self.append(bracket)
        self.needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        self.append(bracket)
        self.needsComma = true
    }

    private mutating func beginValue() {
        if self.needsComma { self.append(",") }
        self.needsComma = true
    }

    private mutating func endKey() {
        self.append(":")
        self.needsComma = false
    }

    private mutating func plain(_ text: String) {
        self.beginValue()
        self.bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(_ character: Unicode.Scalar) { self.bytes.append(UInt8(ascii: character)) }

    private mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { self.bytes.append(contentsOf: $0) }
    }

    private mutating func appendEscaped(_ utf8: Span<UInt8>) {
        var start = 0
        var place = 0
        while place < utf8.count {
            let plain = JSONScan.plainCount(utf8, place)
            place += plain
            if plain == 8 { continue }
            let byte = utf8[place]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                self.append(utf8.extracting(start..<place))
                self.appendEscape(byte)
                start = place + 1
            }
            place += 1
        }
        self.append(utf8.extracting(start..<utf8.count))
    }

    private mutating func appendEscape(_ byte: UInt8) {
        self.append("\\")
        switch byte {
        case 0x08: self.append("b")
        case 0x09: self.append("t")
        case 0x0A: self.append("n")
        case 0x0C: self.append("f")
        case 0x0D: self.append("r")
        case 0x00..<0x20:
            self.bytes.append(contentsOf: (byte < 0x10 ? "u000" : "u001").utf8)
            self.bytes.append(contentsOf: String(byte & 0x0F, radix: 16).utf8)
        default: self.bytes.append(byte)
        }
    }
}
