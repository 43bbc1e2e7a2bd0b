import SeawayNIO

/// The connections of one event loop, each with a place.
struct ConnectionPlaces {
    private struct Held {
        let connection: any ServerConnection
        /// Of its coming, lowest first.
        let order: UInt64
    }

    private struct ID: Hashable {
        let object: ObjectIdentifier
        let order: UInt64
    }

    private var held: [ObjectIdentifier: Held] = [:]
    private var came: UInt64 = 0
    /// Those that give way next, the first last, as they were known when they were looked for.
    private var next: [ID] = []

    var count: Int { self.held.count }
    var isEmpty: Bool { self.held.isEmpty }
    var all: some Sequence<any ServerConnection> { self.held.values.lazy.map(\.connection) }

    mutating func add(_ connection: any ServerConnection) {
        self.came += 1
        self.held[ObjectIdentifier(connection)] = Held(connection: connection, order: self.came)
    }

    /// - Returns: whether the other had a place, which is this one's now.
    mutating func put(_ connection: any ServerConnection, inPlaceOf other: any ServerConnection) -> Bool {
        guard let place = self.held.removeValue(forKey: ObjectIdentifier(other)) else { return false }
        self.held[ObjectIdentifier(connection)] = Held(connection: connection, order: place.order)
        return true
    }

    /// - Returns: whether it had a place.
    mutating func remove(_ connection: any ServerConnection) -> Bool {
        self.held.removeValue(forKey: ObjectIdentifier(connection)) != nil
    }

    /// Finds who gives way to another (``GivingWay``).
    ///
    /// All are looked through for a sixteenth of them at once, so that a crowd of newcomers costs no more than others.
    ///
    /// - Parameter address: whose a connection is.
    /// - Returns: `nil` where all are busy.
    mutating func giver(_ address: (any ServerConnection) -> IPAddress?) -> (any ServerConnection)? {
        if let known = self.nextKnown() { return known }
        let candidates = self.held.map { object, held in
            GivingWay.Candidate(
                id: ID(object: object, order: held.order), use: held.connection.use, order: held.order,
                address: address(held.connection))
        }
        self.next = GivingWay.order(candidates, atMost: max(16, candidates.count / 16)).reversed()
        return self.nextKnown()
    }

    private mutating func nextKnown() -> (any ServerConnection)? {
        while let id = self.next.popLast() {
            guard let held = self.held[id.object], held.order == id.order, held.connection.use < .busy else { continue }
            return held.connection
        }
        return nil
    }
}
