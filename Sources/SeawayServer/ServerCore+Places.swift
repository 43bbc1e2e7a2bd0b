import SeawayNIO

// MARK: The places of connections
extension ServerCore {
    /// - Returns: whether there is a place for one more.
    func enter(_ connection: any ServerConnection) -> Bool {
        self.counters.connections += 1
        while !self.shares.connections.enter(below: self.configuration.maxConnections) {
            guard self.makePlace() else {
                self.counters.count(.tooManyConnections)
                return false
            }
        }
        self.connections.add(connection)
        self.memory.change(.connections, by: Self.bytesOfConnection)
        self.counters.openConnections = self.connections.count
        return true
    }

    /// What a connection takes at least, in bytes: its handlers, its buffers, and what the system's side of it has
    /// here.
    private static let bytesOfConnection = 8_192

    /// Ends a connection without a request under way, in favour of one that comes (I34).
    ///
    /// - Returns: whether there was one.
    private func makePlace() -> Bool {
        let giver = self.connections.giver { self.charged($0.addresses) }
        guard let giver else { return false }
        self.counters.gaveWay[giver.use, default: 0] += 1
        self.leave(giver)
        giver.giveWay()
        return true
    }

    /// Whether there may be one more connection, or one more WebSocket on a stream of one.
    var hasPlace: Bool {
        self.shares.connections.hasRoom(below: self.configuration.maxConnections)
    }

    /// Gives the place of a connection to what carries it from now on.
    ///
    /// - Returns: whether it had one still.
    func enter(_ connection: any ServerConnection, inPlaceOf other: any ServerConnection) -> Bool {
        self.connections.put(connection, inPlaceOf: other)
    }

    /// Gives up a place for what takes it at once.
    func giveUpPlace(of connection: any ServerConnection) {
        guard self.connections.remove(connection) else { return }
        self.memory.change(.connections, by: -Self.bytesOfConnection)
        self.shares.connections.leave()
        self.counters.connections -= 1
    }

    func leave(_ connection: any ServerConnection) {
        guard self.connections.remove(connection) else { return }
        self.memory.change(.connections, by: -Self.bytesOfConnection)
        self.shares.connections.leave()
        self.counters.openConnections = self.connections.count
        self.resolveIfEmpty()
    }
}
