/// One JSON object (RFC 8259), written as one line of a log: no text in it can begin another line or talk to a
/// terminal.
package struct JSONLine: Sendable {
    private var text = "{"
    /// Bytes of a text that are kept.
    private let longest: Int

    package init(longest: Int = LogText.longest) { self.longest = longest }

    package mutating func add(_ name: String, _ value: String) {
        self.begin(name)
        self.text += Self.quoted(value, longest: self.longest)
    }

    package mutating func add(_ name: String, _ value: Int) {
        self.begin(name)
        self.text += String(value)
    }

    /// - Parameter json: a value that is written already.
    package mutating func add(_ name: String, json: String) {
        self.begin(name)
        self.text += json
    }

    private mutating func begin(_ name: String) {
        if self.text.utf8.count > 1 { self.text += "," }
        self.text += Self.quoted(name, longest: self.longest)
        self.text += ":"
    }

    /// The object, without a line end.
    package var object: String { self.text + "}" }

    /// The text in quotes, with control characters, C1 controls and separators of lines as escapes, cut behind so many
    /// bytes.
    package static func quoted(_ text: String, longest: Int = LogText.longest) -> String {
        var quoted = "\""
        var kept = 0
        for scalar in text.unicodeScalars {
            kept += UTF8.width(scalar)
            guard kept <= longest else {
                quoted += "…"
                break
            }
            Self.append(scalar, to: &quoted)
        }
        return quoted + "\""
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar.value {
        case 0x22: text += "\\\""
        case 0x5C: text += "\\\\"
        case 0x0A: text += "\\n"
        case 0x0D: text += "\\r"
        case 0x09: text += "\\t"
        case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029:
            let digits = String(scalar.value, radix: 16)
            text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: text.unicodeScalars.append(scalar)
        }
    }
}
