import NIOCore
package import NIOSSL

/// What a server shows on its TLS addresses, and what it asks of clients there (U7, U9, E1 to E4).
///
/// Nothing below TLS 1.2, and only ciphers with forward secrecy that authenticate what they encrypt.
package struct ServerTLS: Sendable {
    /// Whether a client has to show a certificate.
    package enum ClientCertificates: String, CaseIterable, Sendable { case required, optional }

    private let context: NIOSSLContext
    private let identities: [ServerIdentity]

    /// - Parameters:
    ///   - certificate: a PEM file; the server's own is the first in it, those that vouch for it follow.
    ///   - key: a PEM file.
    ///   - clientAuthorities: a PEM file; `nil`: clients are not asked for a certificate.
    package init(
        certificate: String, key: String, clientAuthorities: String? = nil, clients: ClientCertificates = .required
    ) throws(PEMFile.Fault) {
        let identity = try ServerIdentity(certificate: certificate, key: key)
        try self.init([identity], clientAuthorities: clientAuthorities, clients: clients)
    }

    /// - Parameters:
    ///   - identities: at least one; the first is shown to clients that ask for no name, or one that none is for.
    ///   - clientAuthorities: a PEM file; `nil`: clients are not asked for a certificate.
    ///   - protocols: what may be spoken inside, the preferred first (ALPN); nothing is said of it when empty.
    package init(
        _ identities: [ServerIdentity], clientAuthorities: String? = nil, clients: ClientCertificates = .required,
        protocols: [String] = []
    ) throws(PEMFile.Fault) {
        guard let first = identities.first else { throw PEMFile.Fault("there is no certificate") }
        // Whether the others have their keys shows here, not when somebody asks for them.
        for other in identities.dropFirst() { _ = try other.context(other.configuration) }
        var configuration = first.configuration
        if let clientAuthorities {
            configuration.trustRoots = .certificates(try PEMFile.certificates(clientAuthorities))
            configuration.certificateVerification =
                clients == .required ? .noHostnameVerification : .optionalVerification
        }
        configuration.applicationProtocols = protocols
        if identities.count > 1 {
            configuration.sslContextCallback = { values, promise in
                let named = values.serverHostname.flatMap { name in identities.first { $0.isFor(name) } }
                promise.succeed((named ?? first).shown)
            }
        }
        self.context = try first.context(configuration)
        self.identities = identities
    }

    /// What an operator should know of these certificates though they can be used, a line for each.
    ///
    /// - Parameter seconds: since 1970.
    package func warnings(at seconds: Int) -> [String] { self.identities.compactMap { $0.warning(at: seconds) } }

    package func makeHandler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: self.context, configuration: .frugal)
    }
}
