import NIOSSL

/// Why a TLS handshake did not come about.
package enum HandshakeFailure: Hashable, Sendable {
    /// It was not over in time (E3).
    case slow
    /// The client has left before.
    case left
    /// What came is no TLS, such as plain HTTP.
    case plain
    /// What one side offers or shows is not what the other takes.
    case refused

    /// - Parameter error: as the handler of TLS tells it.
    package init(_ error: any Error) {
        guard case .handshakeFailed(let cause)? = error as? NIOSSLError else {
            self = error is BoringSSLError ? .refused : .left
            return
        }
        guard cause != .sslError([.eofDuringHandshake]) else {
            self = .left
            return
        }
        // What BoringSSL's errors hold has no other form.
        let text = "\(cause)"
        let isPlain = ["HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "WRONG_VERSION_NUMBER"].contains { text.contains($0) }
        self = isPlain ? .plain : .refused
    }

    /// For the log.
    package var reason: String {
        switch self {
        case .slow: "the client took too long"
        case .left: "the client has left"
        case .plain: "what came is no TLS, such as plain HTTP"
        case .refused: "one side does not take what the other offers"
        }
    }
}
