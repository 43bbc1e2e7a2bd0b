/// Text that a terminal shows instead of obeying it.
package enum Printable {
    /// JSON whose characters are all harmless: DEL and the control characters beyond it, which JSON allows in strings,
    /// are escaped.
    package static func json(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { Self.isControl($0) }) else { return text }
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            guard Self.isControl(scalar) else {
                safe.append(scalar)
                continue
            }
            let hexadecimal = String(scalar.value, radix: 16)
            safe.append(
                contentsOf: "\\u\(String(repeating: "0", count: 4 - hexadecimal.count))\(hexadecimal)".unicodeScalars)
        }
        return String(safe)
    }

    /// Any text, its control characters as `·`.
    package static func text(_ text: String) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { safe.append(Self.isControl(scalar) ? "·" : scalar) }
        return String(safe)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}
