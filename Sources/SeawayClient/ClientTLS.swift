import NIOSSL
import SeawayNIO

/// Which brokers a client trusts, and what it shows them (U7, U9).
public struct ClientTLS: Sendable {
    /// A file that cannot be used.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    private let identity: ClientIdentity

    /// - Parameters:
    ///   - authorities: a PEM file with the certificates that are trusted; `nil`: those of this machine.
    ///   - certificate: a PEM file; this client's own is the first in it. It goes with `key`.
    ///   - key: a PEM file.
    public init(authorities: String? = nil, certificate: String? = nil, key: String? = nil) throws(Fault) {
        do throws(PEMFile.Fault) {
            self.identity = try ClientIdentity(authorities: authorities, certificate: certificate, key: key)
        } catch {
            throw Fault(description: error.description)
        }
    }

    /// - Parameter host: the name, or address, that the broker's certificate is to be for.
    func makeHandler(host: String) throws -> NIOSSLClientHandler { try self.identity.makeHandler(host: host) }
}
