import NIOSSL
import SeawayNIO

/// Why TLS did not come about, for people.
struct TLSFault: CustomStringConvertible {
    /// What BoringSSL's errors hold, which have no other form.
    private static let known = [
        ("CERTIFICATE_VERIFY_FAILED", "the broker's certificate is not of an authority that is trusted here"),
        ("CERTIFICATE_REQUIRED", "the broker asks for a certificate of this client"),
        ("UNKNOWN_CA", "the broker does not trust the certificate of this client"),
        ("WRONG_VERSION_NUMBER", "there is no TLS at that address"),
    ]

    let description: String

    /// - Returns: `nil` for what is not about TLS.
    init?(_ error: any Error) {
        if let extra = error as? NIOSSLExtraError {
            guard extra == .failedToValidateHostname else { return nil }
            self.description = "the broker's certificate is for another host"
            return
        }
        guard error is BoringSSLError || (error as? NIOSSLError)?.isOfHandshake == true else { return nil }
        let text = "\(error)"
        self.description = Self.known.first { text.contains($0.0) }?.1 ?? PlainWords.of(error)
    }
}

extension NIOSSLError {
    fileprivate var isOfHandshake: Bool {
        if case .handshakeFailed = self { true } else { false }
    }
}
