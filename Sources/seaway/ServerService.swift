import Logging
import NIOCore
import SeawayBroker
import SeawayNIO
import SeawayServer
import ServiceLifecycle

/// Runs until the process is told to leave, then answers what is under way.
struct ServerService: Service {
    let server: InterfaceServer
    let grace: LiveSetting<Duration>
    let access: AccessSink
    let logger: Logger

    func run() async throws {
        try await gracefulShutdown()
        let grace = self.grace.value
        self.logger.info("leaving", metadata: ["grace": "\(grace)"])
        await self.server.shutdown(grace: grace)
        self.access.flush(within: .seconds(1))
        self.logger.info("left")
    }
}

extension ServerOptions {
    /// Takes the HTTP addresses, or ends the process with a clear line.
    func open(_ server: InterfaceServer, _ logger: Logger) async throws {
        for address in try await Process.claiming(self.addresses.text, { try await server.start() }) {
            let scheme = self.tls.httpTlsCertificate.isEmpty ? "http" : "https"
            logger.info("serving HTTP", metadata: ["address": "\(ListenPlace.text(address))", "scheme": "\(scheme)"])
        }
        self.addresses.warn(logger)
    }
}
