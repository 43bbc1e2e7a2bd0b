/// The rules of NATS for subjects: tokens with dots between them, none empty, without space or control characters.
package enum NATSSubject {
    /// Bytes; a longer one would fill a server's line.
    package static let maxLength = 1_024

    /// - Parameter wildcards: whether `*` and, at the end, `>` may stand for tokens, as in what is subscribed.
    package static func isLegal(_ subject: some StringProtocol, wildcards: Bool = false) -> Bool {
        // In one pass, since each message asks.
        var length = 0
        var inToken = 0
        var isWildcard = false
        var isLast = false
        for byte in subject.utf8 {
            length += 1
            guard byte > 0x20, byte != 0x7F, length <= self.maxLength, !isLast else { return false }
            if byte == UInt8(ascii: ".") {
                guard inToken > 0 else { return false }
                inToken = 0
                isWildcard = false
                continue
            }
            guard !isWildcard else { return false }
            if byte == UInt8(ascii: "*") || byte == UInt8(ascii: ">") {
                guard wildcards, inToken == 0 else { return false }
                isWildcard = true
                isLast = byte == UInt8(ascii: ">")
            }
            inToken += 1
        }
        return inToken > 0
    }
}
