/// Why a socket is closed by the server: what the client did wrong, or what there is no room for.
package enum WebSocketFault: Error, Hashable, Sendable, CaseIterable {
    // 1002
    case notMasked
    case lengthEncoding
    case reservedBits
    case reservedOpcode
    case longControlFrame
    case fragmentedControlFrame
    case continuationOfNothing
    case messageInMessage
    case closeLength
    case closeCode
    // 1007
    case notUTF8
    case notDeflate
    case deflateOverhead
    // 1009
    case frameTooBig
    case messageTooBig
    // 1008
    case tooManyMessages
    // by option
    case blockedTooLong
    case outputOverflow
    // 1013
    case noRoom
    case noMemory

    /// - Parameter blocked: the code for sockets that do not take what they are sent.
    package func code(blocked: WebSocketCloseCode) -> WebSocketCloseCode {
        switch self {
        case .notMasked, .lengthEncoding, .reservedBits, .reservedOpcode, .longControlFrame, .fragmentedControlFrame,
            .continuationOfNothing, .messageInMessage, .closeLength, .closeCode:
            .protocolError
        case .notUTF8, .notDeflate, .deflateOverhead: .malformedData
        case .frameTooBig, .messageTooBig: .messageTooBig
        case .tooManyMessages: .policyViolation
        case .blockedTooLong, .outputOverflow: blocked
        case .noRoom, .noMemory: .tryAgainLater
        }
    }

    /// What the Close frame says.
    package var reason: String {
        switch self {
        case .notMasked: "frame not masked"
        case .lengthEncoding: "length not in its shortest form"
        case .reservedBits: "reserved bits"
        case .reservedOpcode: "reserved opcode"
        case .longControlFrame: "control frame too long"
        case .fragmentedControlFrame: "control frame in fragments"
        case .continuationOfNothing: "continuation of nothing"
        case .messageInMessage: "message in a message"
        case .closeLength: "close frame of one byte"
        case .closeCode: "close code not allowed"
        case .notUTF8: "text is not UTF-8"
        case .notDeflate: "compressed data is broken"
        case .deflateOverhead: "compressed data that stands for little"
        case .frameTooBig: "frame too big"
        case .messageTooBig: "message too big"
        case .tooManyMessages: "too many messages"
        case .blockedTooLong, .outputOverflow: "too slow"
        case .noRoom: "too many messages are being received"
        case .noMemory: "no memory"
        }
    }
}
