/// How many columns of a terminal a text takes.
package enum DisplayWidth {
    package static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.unicodeScalars.reduce(0) { $0 + Self.of($1) }
    }

    /// As much of the text as fits, with `…` at its end if something is missing.
    package static func cut(_ text: String, to width: Int) -> String {
        guard Self.of(text) > width else { return text }
        guard width > 0 else { return "" }
        var left = width - 1
        var cut = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            left -= Self.of(scalar)
            if left < 0 { break }
            cut.append(scalar)
        }
        return String(cut) + "…"
    }

    /// The text with spaces up to a width; a longer one as it is.
    package static func pad(_ text: String, to width: Int, _ alignment: Table.Alignment = .left) -> String {
        let spaces = String(repeating: " ", count: max(0, width - Self.of(text)))
        return alignment == .left ? text + spaces : spaces + text
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: 0
        default: Self.isWide(scalar.value) ? 2 : 1
        }
    }

    /// Unicode's East Asian Width "W" and "F", in large blocks.
    private static func isWide(_ value: UInt32) -> Bool {
        switch value {
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
            true
        default: false
        }
    }
}
