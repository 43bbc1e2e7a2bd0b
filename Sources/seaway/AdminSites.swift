import Logging
import NIOCore
import SeawayAdmin
import SeawayBroker
import SeawayClient
import SeawayMessage
import SeawayServer

extension AdminSite {
    /// Shows the broker of this process.
    ///
    /// - Parameters:
    ///   - address: where its clients find it.
    ///   - loop: where the console is.
    mutating func watch(_ broker: Broker, at address: String, on loop: any EventLoop) {
        let own = LocalBroker(broker, address: address)
        self.brokers = [own]
        self.ownBroker = own
        self.layer = broker.makeLayer(clientName: "seaway-admin", on: loop)
        self.fault = { answer in broker.readiness(answer) }
    }

    /// Shows brokers elsewhere, with the process's own credentials.
    ///
    /// - Parameter layer: of the process, over all of them.
    mutating func watch(
        _ brokers: LayerOptions, by layer: any ConnectingLayer, on loop: any EventLoop, _ logger: Logger
    ) throws {
        self.brokers = try brokers.lookers(clientName: "seaway-admin").map {
            RemoteBroker($0, eventLoop: loop, logger: logger)
        }
        self.layer = layer
        self.fault = { answer in
            answer(layer.isConnected ? nil : layer.refusal.map { "the broker refuses: \($0)" } ?? "no broker in reach")
        }
    }
}
