import SeawayMessage
import Synchronization

/// The sockets of a ``TestBroker``: one pair of mailboxes for all of them (W1).
final class TestSockets: Sendable {
    private static let send = "websocket.send.test!"
    private static let control = "websocket.control.test!"

    private struct State {
        var sockets: [String: TestSocket] = [:]
        var last = 0
        var listening: (any Listening)?
    }

    private let state = Mutex(State())
    private let layer: any ChannelLayer

    private init(_ layer: any ChannelLayer) { self.layer = layer }

    /// Listens, and returns when that is in force.
    ///
    /// - Parameter layer: nobody else's.
    static func open(on layer: any ChannelLayer) async throws -> TestSockets {
        let sockets = TestSockets(layer)
        let started = Arrivals<Void>()
        let listening = layer.listen(to: [self.send, self.control]) { [weak sockets] in
            sockets?.take($0)
        } event: { event in
            if case .started = event { started.put(()) }
        }
        sockets.state.withLock { $0.listening = listening }
        listening.ready(1_024)
        try await started.next()
        return sockets
    }

    private func take(_ delivery: Delivery) {
        for channel in delivery.channels {
            let number = channel.split(separator: "!").last.map(String.init) ?? ""
            self.state.withLock { $0.sockets[number] }?.take(delivery, on: channel)
        }
        self.state.withLock { $0.listening }?.ready(1)
    }

    func connect(_ connect: Message, path: String, subprotocols: [String], on channel: String) async throws
        -> TestSocket
    {
        let number = self.state.withLock { state in
            state.last += 1
            return String(state.last)
        }
        let channels = TestSocketChannels(
            send: Self.send + number, control: Self.control + number, path: path, subprotocols: subprotocols,
            connect: channel)
        let socket = TestSocket(channels, self.layer) { [weak self] in
            self?.state.withLock { _ = $0.sockets.removeValue(forKey: number) }
        }
        self.state.withLock { $0.sockets[number] = socket }
        var connect = connect
        for (key, value) in channels.envelope(order: 0) { connect[key] = value }
        try await socket.open(connect, on: channel)
        return socket
    }
}
