/// Text as it may stand in a log: one line, nothing that a terminal obeys, and of bounded length.
public enum LogText {
    /// Bytes of one message or value that are kept; enough for a long path, too few to fill a disk with.
    public static let longest = 2_048

    /// The text with control characters and line ends written as escapes, cut behind ``longest`` bytes.
    ///
    /// Ordinary UTF-8 stays as it is, and so does a backslash: who reads the line sees what was meant, and nobody can
    /// begin a new one.
    public static func escaped(_ text: String, longest: Int = LogText.longest) -> String {
        var text = text
        guard text.utf8.count > longest || text.withUTF8(Self.hasControl) else { return text }
        var safe = ""
        var kept = 0
        for scalar in text.unicodeScalars {
            let size = String(scalar).utf8.count
            guard kept + size <= longest else {
                safe += "… (\(text.utf8.count - kept) bytes more)"
                break
            }
            kept += size
            Self.append(scalar, to: &safe)
        }
        return safe
    }

    private static func append(_ scalar: Unicode.Scalar, to safe: inout String) {
        switch scalar.value {
        case 0x0A: safe += "\\n"
        case 0x0D: safe += "\\r"
        case 0x09: safe += "\\t"
        case 0...0x1F, 0x7F: safe += "\\x" + Self.hexadecimal(scalar.value, digits: 2)
        case 0x80...0x9F, 0x2028, 0x2029: safe += "\\u" + Self.hexadecimal(scalar.value, digits: 4)
        default: safe.unicodeScalars.append(scalar)
        }
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// Whether bytes of UTF-8 hold a C0 or C1 control, DEL, or a separator of lines or paragraphs.
    private static func hasControl(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        for (index, byte) in bytes.enumerated() {
            if byte < 0x20 || byte == 0x7F { return true }
            if byte == 0xC2, bytes[index + 1] < 0xA0 { return true }
            if byte == 0xE2, bytes[index + 1] == 0x80, bytes[index + 2] & 0xFE == 0xA8 { return true }
        }
        return false
    }
}
