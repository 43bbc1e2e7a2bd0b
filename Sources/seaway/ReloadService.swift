import Logging
import SeawayBroker
import ServiceLifecycle
import UnixSignals

/// Reads tokens and certificates again at each SIGHUP; a file that cannot be used changes nothing.
struct ReloadService: Service {
    let broker: Broker
    let tokens: TokenFile?
    let tls: ServerTLSOptions
    let hangups: UnixSignalsSequence
    let logger: Logger

    func run() async throws {
        for await _ in self.hangups.cancelOnGracefulShutdown() {
            await self.reload("tokens") {
                guard let tokens = try self.tokens?.read() else { return false }
                try await self.broker.replaceTokens(tokens)
                return true
            }
            await self.reload("certificates") {
                guard let tls = try self.tls.load() else { return false }
                try await self.broker.replaceTLS(tls)
                return true
            }
        }
    }

    private func reload(_ what: String, _ read: () async throws -> Bool) async {
        do {
            if try await read() { self.logger.info("\(what) read again") }
        } catch {
            self.logger.error("\(what) stay as they were", metadata: ["reason": "\(error)"])
        }
    }
}
