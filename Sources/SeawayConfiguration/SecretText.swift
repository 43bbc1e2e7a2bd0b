/// Values of options are no secrets, but for passwords in addresses: those are not printed.
package enum SecretText {
    package static let mask = "***"

    /// Hides the password of `scheme://user:password@host`, and what stands behind `password=`.
    package static func masked(_ text: String) -> String {
        var text = text
        if let scheme = text.firstRange(of: "://") {
            let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && !$0.isWhitespace }
            if let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") {
                text.replaceSubrange(text.index(after: colon)..<at, with: self.mask)
            } else if let at = authority.lastIndex(of: "@") {
                // A token in the user's place.
                text.replaceSubrange(scheme.upperBound..<at, with: self.mask)
            }
        }
        if let word = text.firstRange(of: "password=") {
            let isQuoted = text[word.upperBound...].hasPrefix("'")
            let value = text[word.upperBound...]
            let end =
                isQuoted
                ? value.dropFirst().firstIndex(of: "'").map { text.index(after: $0) } ?? text.endIndex
                : value.firstIndex { $0.isWhitespace || $0 == "&" } ?? text.endIndex
            text.replaceSubrange(word.upperBound..<end, with: self.mask)
        }
        return text
    }
}
