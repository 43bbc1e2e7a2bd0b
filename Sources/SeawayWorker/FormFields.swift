/// Names and values of a query string or of a form's body, decoded.
public struct FormFields: Sendable {
    /// In their order.
    public let all: [(name: String, value: String)]

    /// - Parameter text: `a=1&b=two+words`, as it came. A `%` without two hex digits stands for itself; ill-formed
    ///   UTF-8 is replaced.
    public init(_ text: some StringProtocol) {
        self.all = text.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decode(sides[0]), sides.count > 1 ? Self.decode(sides[1]) : "")
        }
    }

    /// The first value of that name.
    public subscript(name: String) -> String? { self.all.first { $0.name == name }?.value }

    private static func decode(_ text: some Collection<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "+") {
                bytes.append(UInt8(ascii: " "))
            } else if byte == UInt8(ascii: "%"), let decoded = Self.hex(rest.prefix(2)) {
                bytes.append(decoded)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hex(_ digits: some Collection<UInt8>) -> UInt8? {
        guard digits.count == 2 else { return nil }
        var value = UInt8(0)
        for digit in digits {
            guard let digit = Character(UnicodeScalar(digit)).hexDigitValue, digit < 16 else { return nil }
            value = value << 4 | UInt8(digit)
        }
        return value
    }
}
