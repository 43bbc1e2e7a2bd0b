/// The servers that are known, and which is tried next.
struct NATSServerPool: Hashable, Sendable {
    private(set) var servers: [NATSAddress]
    private let most: Int
    /// The one that is tried, or used.
    private var place = 0
    /// Attempts since the last that led to something.
    private var failures = 0

    init(_ servers: [NATSAddress], most: Int) {
        self.servers = []
        self.most = max(most, servers.count)
        for server in servers where !self.servers.contains(where: { $0.isSamePlace(as: server) }) {
            self.servers.append(server)
        }
    }

    var current: NATSAddress { self.servers[self.place] }

    /// Those of a cluster; what is known already stays as it was given.
    mutating func learn(_ addresses: [String]) {
        for address in addresses where self.servers.count < self.most {
            guard let server = self.current.told(address),
                !self.servers.contains(where: { $0.isSamePlace(as: server) })
            else { continue }
            self.servers.append(server)
        }
    }

    mutating func succeeded() { self.failures = 0 }

    /// Goes on to the next server.
    ///
    /// - Returns: whether each was tried since the last success, so that it is time for a pause.
    mutating func advance() -> Bool {
        self.failures += 1
        self.place = (self.place + 1) % self.servers.count
        return self.failures % self.servers.count == 0
    }
}
