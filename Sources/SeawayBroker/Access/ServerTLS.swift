import NIOSSL
package import SeawayNIO

/// What a broker shows on its TLS addresses, and what it asks of clients there (U7, U9).
package struct ServerTLS: Sendable {
    /// Whether a client has to show a certificate.
    package enum ClientCertificates: String, CaseIterable, Sendable { case required, optional }

    private let context: NIOSSLContext

    /// - Parameters:
    ///   - certificate: a PEM file; the broker's own is the first in it, those that vouch for it follow.
    ///   - key: a PEM file.
    ///   - clientAuthorities: a PEM file; `nil`: clients are not asked for a certificate.
    package init(
        certificate: String, key: String, clientAuthorities: String? = nil, clients: ClientCertificates = .required
    ) throws(PEMFile.Fault) {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try PEMFile.certificates(certificate).map { .certificate($0) },
            privateKey: .privateKey(try PEMFile.key(key)))
        configuration.minimumTLSVersion = .tlsv12
        if let clientAuthorities {
            configuration.trustRoots = .certificates(try PEMFile.certificates(clientAuthorities))
            configuration.certificateVerification =
                clients == .required ? .noHostnameVerification : .optionalVerification
        }
        guard let context = try? NIOSSLContext(configuration: configuration) else {
            throw PEMFile.Fault("\(key) is not the key of \(certificate)")
        }
        self.context = context
    }

    func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: self.context, configuration: .frugal) }
}
