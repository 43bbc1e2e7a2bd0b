/// Where brokers are, what a client shows them and whom it trusts, under a name.
package struct ClientContext: Hashable, Sendable {
    /// Addresses of brokers, at least one.
    package var brokers: [String]
    /// A secret.
    package var token: String?
    /// The token is the first line of this file.
    package var tokenFile: String?
    /// Authorities that vouch for brokers, and the client's own certificate with its key: paths of files in PEM.
    package var tlsCA: String?
    package var tlsCertificate: String?
    package var tlsKey: String?

    package init(brokers: [String] = []) { self.brokers = brokers }

    /// What stands in the file, in its order.
    package enum Key: String, CaseIterable, Sendable {
        case broker
        case token
        case tokenFile = "token-file"
        case tlsCA = "tls-ca"
        case tlsCertificate = "tls-certificate"
        case tlsKey = "tls-key"
    }

    package subscript(key: Key) -> [String] {
        get {
            switch key {
            case .broker: self.brokers
            case .token: self.token.map { [$0] } ?? []
            case .tokenFile: self.tokenFile.map { [$0] } ?? []
            case .tlsCA: self.tlsCA.map { [$0] } ?? []
            case .tlsCertificate: self.tlsCertificate.map { [$0] } ?? []
            case .tlsKey: self.tlsKey.map { [$0] } ?? []
            }
        }
        set {
            switch key {
            case .broker: self.brokers = newValue
            case .token: self.token = newValue.first
            case .tokenFile: self.tokenFile = newValue.first
            case .tlsCA: self.tlsCA = newValue.first
            case .tlsCertificate: self.tlsCertificate = newValue.first
            case .tlsKey: self.tlsKey = newValue.first
            }
        }
    }

    /// Whether a text may be a name of one: 1 to 64 of A-Z a-z 0-9 - _ and the dot.
    package static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_.".utf8.contains(byte)
            }
    }
}
