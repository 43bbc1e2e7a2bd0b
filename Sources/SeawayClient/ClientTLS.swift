import NIOCore
import NIOSSL
import SeawayNIO

/// Which brokers a client trusts, and what it shows them (U7, U9).
public struct ClientTLS: Sendable {
    /// A file that cannot be used.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    private let context: NIOSSLContext

    /// - Parameters:
    ///   - authorities: a PEM file with the certificates that are trusted; `nil`: those of this machine.
    ///   - certificate: a PEM file; this client's own is the first in it. It goes with `key`.
    ///   - key: a PEM file.
    public init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) throws(Fault) {
        do throws(PEMFile.Fault) {
            self.context = try Self.context(authorities, certificate, key)
        } catch {
            throw Fault(description: error.description)
        }
    }

    private static func context(
        _ authorities: String?, _ certificate: String?, _ key: String?
    ) throws(PEMFile.Fault) -> NIOSSLContext {
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
        return context
    }

    /// - Parameter host: the name, or address, that the broker's certificate is to be for.
    func makeHandler(host: String) throws -> NIOSSLClientHandler {
        // An address is not said in the handshake; it is compared with the peer's.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(
            context: self.context, serverHostname: isAddress ? nil : host, configuration: .frugal)
    }
}
