/// Why a WebSocket ends (RFC 6455, section 7.4, and IANA's registry).
package struct WebSocketCloseCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let normal = Self(rawValue: 1000)
    package static let goingAway = Self(rawValue: 1001)
    package static let protocolError = Self(rawValue: 1002)
    package static let unacceptableData = Self(rawValue: 1003)
    /// The client closed without a code; never sent.
    package static let noCode = Self(rawValue: 1005)
    /// The connection ended without a closing handshake; never sent.
    package static let abnormal = Self(rawValue: 1006)
    package static let malformedData = Self(rawValue: 1007)
    package static let policyViolation = Self(rawValue: 1008)
    package static let messageTooBig = Self(rawValue: 1009)
    package static let internalError = Self(rawValue: 1011)
    package static let serviceRestart = Self(rawValue: 1012)
    package static let tryAgainLater = Self(rawValue: 1013)

    /// Whether a Close frame may hold this code: 1000–1003, 1007–1014, 3000–4999.
    package var mayBeSent: Bool {
        switch self.rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}
