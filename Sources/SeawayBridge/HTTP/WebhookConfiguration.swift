import AsyncHTTPClient
import NIOCore
import NIOSSL
import SeawayNIO

/// Where messages are posted to, and every bound of it.
package struct WebhookConfiguration: Sendable {
    /// What cannot be used, and why.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    package let url: String
    /// The URL without its path, in which a secret may stand.
    let receiver: String
    /// For `Authorization: Bearer`.
    package var token: String?
    package var signature: HTTPSignature?
    private let trusted: NIOSSLTrustRoots
    /// For connecting, and then again for the answer.
    package var timeout = Duration.seconds(10)
    /// Attempts that may reach the receiver.
    package var attempts = 5
    /// Posts at once.
    package var concurrency = 1

    /// - Parameters:
    ///   - url: with `http` or `https`, and a host.
    ///   - authorities: a PEM file with those that vouch for the receiver; `nil`: those of this machine.
    package init(url: String, authorities: String?) throws(Fault) {
        let isHTTP = ["http://", "https://"].contains { url.lowercased().hasPrefix($0) }
        guard isHTTP, let request = try? HTTPClient.Request(url: url) else {
            throw Fault(description: "'\(url)' is no URL with http:// or https:// and a host")
        }
        self.url = url
        do throws(PEMFile.Fault) {
            self.trusted = if let authorities { .certificates(try PEMFile.certificates(authorities)) } else { .default }
        } catch {
            throw Fault(description: error.description)
        }
        self.receiver = "\(request.scheme)://\(request.host):\(request.port)"
    }

    var client: HTTPClient.Configuration {
        var client = HTTPClient.Configuration(redirectConfiguration: .disallow)
        client.httpVersion = .http1Only
        client.timeout.connect = .init(self.timeout)
        client.timeout.read = .init(self.timeout)
        // Attempts are counted, and said, here.
        client.connectionPool.retryConnectionEstablishment = false
        client.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = self.concurrency
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = self.trusted
        client.tlsConfiguration = tls
        return client
    }
}
