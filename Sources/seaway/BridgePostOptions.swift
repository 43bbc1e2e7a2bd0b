import ArgumentParser
import SeawayBridge

/// Where messages are posted to, and how often.
struct BridgePostOptions: ParsableArguments {
    @Option(help: ArgumentHelp("POST each message here.", valueName: "url"))
    var post: String?

    @Option(help: ArgumentHelp("The first line of this file goes along as bearer token.", valueName: "path"))
    var postTokenFile: String?

    @Option(
        help: ArgumentHelp(
            "Bodies are signed by HMAC-SHA256 with the first line of this file, in the field --hmac-header.",
            valueName: "path"))
    var postHmacSecretFile: String?

    @Option(
        help: ArgumentHelp(
            "Authorities that vouch for the receiver, in PEM (default: those of this machine).", valueName: "path"))
    var postCa: String?

    @Option(help: .time("How long connecting, and then the answer, may take."))
    var postTimeout = TimeOption(milliseconds: 10_000)

    @Option(help: .count("Attempts with one message, where another may help; 1 is at most once."))
    var postAttempts = 5

    @Option(help: .count("Posts at once; with 1 the messages are posted in order."))
    var concurrency = 1

    func validate() throws {
        guard self.postTimeout.milliseconds > 0 else { throw ValidationError("--post-timeout is longer than 0.") }
        for (option, value) in [("post-attempts", self.postAttempts), ("concurrency", self.concurrency)] {
            guard (1...1_000).contains(value) else {
                throw ValidationError("--\(option) is \(value); allowed is 1 to 1000.")
            }
        }
        if let post { _ = try self.webhook(to: post, signedIn: "") }
    }

    /// - Parameter field: where the signature stands.
    /// - Throws: `ValidationError`
    func webhook(to url: String, signedIn field: String) throws -> WebhookConfiguration {
        var webhook: WebhookConfiguration
        do throws(WebhookConfiguration.Fault) {
            webhook = try WebhookConfiguration(url: url, authorities: self.postCa)
        } catch {
            throw ValidationError("--post, --post-ca: \(error).")
        }
        webhook.token = try self.postTokenFile.map {
            try Secret.token(of: $0, option: "post-token-file", longest: 4_096)
        }
        webhook.signature = try self.postHmacSecretFile.map {
            HTTPSignature(field: field, secret: try Secret.firstLine(of: $0, option: "post-hmac-secret-file"))
        }
        webhook.timeout = self.postTimeout.duration
        webhook.attempts = self.postAttempts
        webhook.concurrency = self.concurrency
        return webhook
    }
}
