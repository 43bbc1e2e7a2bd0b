import ArgumentParser
import Foundation
import SeawayClient
import SeawayConfiguration

/// Which of the user's contexts a command goes by.
struct ContextOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A context, which says where brokers are and what they are shown (default: what SEAWAY_CONTEXT says, else the one in use, where neither --broker nor SEAWAY_BROKER says where brokers are; see seaway help context).",
            valueName: "name"))
    var context: String?

    /// The one that holds.
    ///
    /// What one of them says is never shown to brokers that somebody else has named: its token is theirs.
    ///
    /// - Parameter broker: what options say.
    /// - Returns: `nil` where there is none.
    func find(unless broker: [BrokerOption]) throws -> ClientContext? {
        let environment = ProcessInfo.processInfo.environment
        let variable = environment[ContextFile.variable].flatMap { $0.isEmpty ? nil : $0 }
        guard self.context != nil || broker.isEmpty else { return nil }
        guard self.context != nil || (environment[BrokerAddress.variable] ?? "").isEmpty else { return nil }
        let contexts = try ContextFile().read()
        guard let name = self.context ?? variable ?? contexts.current else { return nil }
        do throws(ClientContexts.Fault) {
            return try contexts.find(name)
        } catch {
            throw ValidationError("\(self.context == nil ? ContextFile.variable : "--context"): \(error).")
        }
    }

    /// Has a client show what a context says, unless the environment has a token, which only a context by name wins
    /// over.
    func apply(_ context: ClientContext, to configuration: inout WireLayerConfiguration) throws {
        let hasToken = !(ProcessInfo.processInfo.environment["SEAWAY_TOKEN"] ?? "").isEmpty
        if self.context != nil || !hasToken {
            if let token = context.token { configuration.token = token }
            if let path = context.tokenFile {
                configuration.token = try Secret.token(of: path, option: "token-file", longest: 255)
            }
        }
        guard context.tlsCA != nil || context.tlsCertificate != nil else { return }
        do {
            configuration.tls = try ClientTLS(
                authorities: context.tlsCA, certificate: context.tlsCertificate, key: context.tlsKey)
        } catch {
            throw ValidationError("the context's tls-ca, tls-certificate, tls-key: \(error).")
        }
    }
}
