package import SeawayMessage

/// How bytes that somebody gives become a message.
package enum BodyForm: Hashable, Sendable {
    /// They are one JSON map.
    case json
    /// They are UTF-8: `{"text": …}`, without a line end behind them.
    case text
    /// They are anything: `{"bytes": …}`.
    case bytes

    /// Bytes that are no message in this form.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    package func payload(of bytes: [UInt8]) throws(Fault) -> Payload {
        switch self {
        case .json:
            let messagePack = Translation.messagePack(fromJSON: bytes.span)
            guard !messagePack.isEmpty else {
                throw Fault(description: "the body is not one JSON map; see --text and --bytes")
            }
            return Payload(messagePack: messagePack)
        case .text:
            guard let text = String(validating: Self.withoutLineEnd(bytes), as: UTF8.self) else {
                throw Fault(description: "the body is not UTF-8; see --bytes")
            }
            return Payload(["text": .string(text)])
        case .bytes: return Payload(["bytes": .bytes(bytes)])
        }
    }

    private static func withoutLineEnd(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        guard bytes.last == UInt8(ascii: "\n") else { return bytes[...] }
        let line = bytes.dropLast()
        return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
}
