import ArgumentParser
import SeawayNIO

/// What is shown to browsers, and what is asked of them; the names are those of INTERFACE.md, section 12.
struct HTTPTLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Serve HTTPS with this certificate, in PEM, with those that vouch for it behind; repeat it, with its key, for other names.",
            valueName: "path"))
    var httpTlsCertificate: [String] = []

    @Option(help: ArgumentHelp("The key of that certificate, in PEM; repeat it in the same order.", valueName: "path"))
    var httpTlsKey: [String] = []

    @Option(help: ArgumentHelp("Authorities that vouch for browsers, in PEM.", valueName: "path"))
    var httpTlsClientCa: String?

    @Option(help: "With --http-tls-client-ca, whether a browser has to show a certificate.")
    var httpTlsClient = ServerTLS.ClientCertificates.required

    @Option(help: .time("How long a TLS handshake may take."))
    var httpTlsHandshakeTimeout = TimeOption(milliseconds: 10_000)

    func validate() throws {
        guard self.httpTlsCertificate.count == self.httpTlsKey.count else {
            throw ValidationError(
                "--http-tls-certificate and --http-tls-key belong together, each as often as the other.")
        }
        guard !self.httpTlsCertificate.isEmpty || self.httpTlsClientCa == nil else {
            throw ValidationError("--http-tls-client-ca needs --http-tls-certificate and --http-tls-key.")
        }
        guard self.httpTlsHandshakeTimeout.milliseconds > 0 else {
            throw ValidationError("--http-tls-handshake-timeout is longer than 0.")
        }
    }

    /// - Parameter protocols: what is offered inside, the preferred first.
    /// - Returns: `nil` where no TLS is asked for.
    func load(protocols: [String]) throws -> ServerTLS? {
        guard !self.httpTlsCertificate.isEmpty else { return nil }
        let identities = try zip(self.httpTlsCertificate, self.httpTlsKey).map {
            try ServerIdentity(certificate: $0, key: $1)
        }
        return try ServerTLS(
            identities, clientAuthorities: self.httpTlsClientCa, clients: self.httpTlsClient,
            protocols: protocols)
    }
}
