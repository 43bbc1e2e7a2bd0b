import NIOCore
package import NIOSSL

/// Which servers a client of TLS trusts, and what it shows them.
package struct ClientIdentity: Sendable {
    private let context: NIOSSLContext

    /// - Parameters:
    ///   - authorities: a PEM file with the certificates that are trusted; `nil`: those of this machine.
    ///   - certificate: a PEM file; the client's own is the first in it. It goes with `key`.
    ///   - key: a PEM file.
    package init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) throws(PEMFile.Fault) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let authorities { configuration.trustRoots = .certificates(try PEMFile.certificates(authorities)) }
        guard (certificate == nil) == (key == nil) else {
            throw PEMFile.Fault("a certificate and its key belong together")
        }
        if let certificate, let key {
            configuration.certificateChain = try PEMFile.certificates(certificate).map { .certificate($0) }
            configuration.privateKey = .privateKey(try PEMFile.key(key))
        }
        guard let context = try? NIOSSLContext(configuration: configuration) else {
            throw PEMFile.Fault(key.map { "\($0) is not the key of the certificate" } ?? "no TLS can be had")
        }
        self.context = context
    }

    /// - Parameter host: the name, or address, that the server's certificate is to be for.
    package func makeHandler(host: String) throws -> NIOSSLClientHandler {
        // An address is not said in the handshake; it is compared with the peer's.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(
            context: self.context, serverHostname: isAddress ? nil : host, configuration: .frugal)
    }
}
