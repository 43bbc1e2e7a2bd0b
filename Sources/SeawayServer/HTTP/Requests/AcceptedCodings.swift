import SeawayNIO

/// A content coding that a representation may have (RFC 9110, 8.4.1).
package enum ContentCoding: String, Hashable, Sendable, CaseIterable {
    // The first is preferred where a client takes several equally well.
    case brotli = "br"
    case zstandard = "zstd"
    case gzip
}

/// What a client says in `Accept-Encoding` (RFC 9110, 12.5.3).
package struct AcceptedCodings: Hashable, Sendable {
    private struct Element: Hashable {
        /// In lower case.
        var name: String
        /// In thousandths.
        var weight: Int
    }

    private var weights: [Element] = []

    /// - Parameter values: of all fields of that name; without any nothing but the identity is sent, though the client
    ///   takes all.
    package init(_ values: some Sequence<String>) {
        for value in values {
            for element in value.utf8.split(separator: UInt8(ascii: ",")) { self.note(Substring(element)) }
        }
    }

    private mutating func note(_ element: Substring) {
        let parts = element.utf8.split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
        let name = FieldValue.trimmed(Substring(parts[0])).lowercased()
        guard !name.isEmpty else { return }
        let weight = parts.count == 1 ? 1_000 : Self.weight(FieldValue.trimmed(Substring(parts[1]))) ?? 0
        self.weights.append(Element(name: name == "x-gzip" ? "gzip" : name, weight: weight))
    }

    /// `q=0.5`; `nil` for anything else, which is taken for "not at all".
    private static func weight(_ text: Substring) -> Int? {
        guard text.hasPrefix("q=") || text.hasPrefix("Q=") else { return nil }
        let digits = Array(text.utf8.dropFirst(2))
        guard (1...5).contains(digits.count), digits[0] == UInt8(ascii: "0") || digits[0] == UInt8(ascii: "1"),
            digits.count == 1 || digits[1] == UInt8(ascii: ".")
        else { return nil }
        var weight = digits[0] == UInt8(ascii: "1") ? 1_000 : 0
        for (digit, worth) in zip(digits.dropFirst(2), [100, 10, 1]) {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            weight += Int(digit - UInt8(ascii: "0")) * worth
        }
        return weight <= 1_000 ? weight : nil
    }

    private func weight(_ name: String) -> Int? { self.weights.first { $0.name == name }?.weight }

    /// In thousandths; 0 when it is not acceptable.
    package func weight(of coding: ContentCoding) -> Int { self.weight(coding.rawValue) ?? self.weight("*") ?? 0 }

    /// That of a representation without a coding: acceptable unless it is forbidden, and then liked least.
    package var identityWeight: Int { self.weight("identity") ?? self.weight("*").map { min($0, 1) } ?? 1 }

    package var forbidsIdentity: Bool { self.identityWeight == 0 }

    /// The codings that the client likes no less than none, the best first.
    package var ranked: [ContentCoding] {
        guard !self.weights.isEmpty else { return [] }
        let identity = self.identityWeight
        let liked = ContentCoding.allCases.map { (coding: $0, weight: self.weight(of: $0)) }
            .filter { $0.weight > 0 && $0.weight >= identity }
        // Sorting keeps no order of equals; there are three.
        return liked.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }
            .map(\.element.coding)
    }
}
