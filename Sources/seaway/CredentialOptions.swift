import ArgumentParser
import SeawayClient

/// What a client shows to brokers, and whom it trusts.
struct CredentialOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The client's token is the first line of this file (default: the environment's SEAWAY_TOKEN, if any).",
            valueName: "path"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Authorities that vouch for brokers at tls:// addresses, in PEM (default: those of this machine).",
            valueName: "path"))
    var tlsCa: String?

    @Option(
        help: ArgumentHelp("The client's own certificate, in PEM, for brokers that ask for one.", valueName: "path"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The key of that certificate, in PEM.", valueName: "path"))
    var tlsKey: String?

    func validate() throws {
        var configuration = WireLayerConfiguration()
        try self.apply(to: &configuration)
    }

    /// - Throws: `ValidationError` when a file cannot be used.
    func apply(to configuration: inout WireLayerConfiguration) throws {
        if let tokenFile {
            configuration.token = try Secret.token(of: tokenFile, option: "token-file", longest: 255)
        }
        guard self.tlsCa != nil || self.tlsCertificate != nil || self.tlsKey != nil else { return }
        guard (self.tlsCertificate == nil) == (self.tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together.")
        }
        do {
            configuration.tls = try ClientTLS(
                authorities: self.tlsCa, certificate: self.tlsCertificate, key: self.tlsKey)
        } catch {
            throw ValidationError("--tls-ca, --tls-certificate, --tls-key: \(error).")
        }
    }
}
