import SeawayHub
import SeawayNIO
import SeawayWire

/// Places for connections, and who gives them up (M8).
extension BrokerCore {
    /// What one client has for sure of the addresses: of IPv6 a /64.
    static func client(at host: String) -> String {
        guard host.utf8.contains(UInt8(ascii: ":")), let address = IPAddress(host) else { return host }
        return address.clientNetwork.description
    }

    /// One more comes: when strangers have all the places that they may have, or all that there are, one of them goes.
    func makePlace() {
        let isFull = self.openConnections >= self.configuration.maxConnections
        guard isFull || self.strangers.count >= self.configuration.mostStrangers else { return }
        guard let id = self.strangers.removeNext(), let stranger = self.endpoint(id) as? Connection else { return }
        let most = self.configuration.mostStrangers
        stranger.end(.limit, "another needs the place: max-strangers is \(most)", for: .maxStrangers)
    }

    /// Ends a connection because somebody has asked for it (Q6).
    ///
    /// - Parameters:
    ///   - id: numbers are used again, so that it may be another's by now.
    ///   - age: how old it is at least, in milliseconds.
    /// - Returns: whether there was one.
    func endConnection(_ id: PeerID?, age: Int) -> Bool {
        guard let id, id < self.mostEndpoints, let connection = self.endpoint(id) as? Connection, connection.isOpen,
            self.now - connection.deadlines.connectedAt >= age
        else { return false }
        connection.end(.ended, "an operator has asked for it")
        return true
    }

    /// When so many linger behind their `BYE` that there is no room for one more, the one that has done so the longest
    /// is closed.
    ///
    /// - Returns: whether there is room for one more now.
    func makeRoom() -> Bool {
        let most = self.configuration.maxConnections + self.configuration.maxLingering
        guard self.endpointCount >= most else { return true }
        self.counters.count(.maxLingering)
        guard let id = self.lingering.removeNext(), let connection = self.endpoint(id) as? Connection else {
            return false
        }
        connection.transport.close()
        return true
    }
}

extension Connection {
    /// The first bytes have come: where no tokens are asked for it is no stranger any more.
    func hasSpoken() {
        self.isSilent = false
        if !self.access.isStranger { self.core.strangers.remove(self.id) }
    }
}
