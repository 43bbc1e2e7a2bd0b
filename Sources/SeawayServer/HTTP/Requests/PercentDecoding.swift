extension Substring {
    /// The bytes that it stands for: each `%` with two hex digits is the byte that they name, any other `%` itself.
    var percentDecoded: [UInt8] {
        guard self.utf8.contains(UInt8(ascii: "%")) else { return Array(self.utf8) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.utf8.count)
        var unread = self.utf8
        while let byte = unread.popFirst() {
            guard byte == UInt8(ascii: "%"), let decoded = Self.hexByte(unread) else {
                bytes.append(byte)
                continue
            }
            bytes.append(decoded)
            unread = unread.dropFirst(2)
        }
        return bytes
    }

    /// The byte that the next two digits name.
    private static func hexByte(_ unread: Substring.UTF8View) -> UInt8? {
        guard let high = unread.first?.hexDigit, let low = unread.dropFirst().first?.hexDigit else { return nil }
        return high << 4 | low
    }
}

extension UInt8 {
    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
