package import SeawayWire

/// Memory, and what is refused at a limit: its value and what would exceed it are told (section 7).
extension Hub {
    package var memoryParts: MemoryParts { self.ledger.parts }

    /// Bytes that everything here takes, roughly.
    package var memory: Int { self.ledger.memory }

    /// Bytes that are held for peers in all (M1).
    package var memoryInAll: Int { self.ledger.sum }

    /// Those that count against `max-memory`.
    package var limitedMemory: Int { self.ledger.limited }

    /// Whether the caller may hold so many bytes more for a peer.
    package func hasRoom(for bytes: Int) -> Bool { self.hasMemory(for: bytes) }

    /// Whether so much more may be held by whoever asks.
    @inline(__always)
    func hasMemory(for bytes: Int) -> Bool { self.ledger.hasRoom(for: bytes, by: self.payer) }

    /// Whether somebody holds more than its share of memory: nothing more is to be held for it (M7).
    package func isOverShare(_ payer: PayerID) -> Bool { self.ledger.isOverShare(payer) }

    /// What the caller holds for a peer begins or ends.
    @inline(__always)
    package func hold(_ bytes: Int, _ part: MemoryPart, by payer: PayerID) {
        self.ledger.hold(bytes, part, by: payer)
    }

    /// Nothing more fits in the broker's memory.
    package var isFull: WireRefusal { self.ledger.full }

    /// There is no room for one more.
    var noChannel: WireRefusal {
        .limit(of: .channels, most: self.configuration.maxChannels, given: self.configuration.maxChannels + 1)
    }

    /// - Parameter count: what there would be.
    func check(_ count: Int, _ resource: WireRefusal.Resource) throws(WireRefusal) {
        let most = self.configuration.most(resource)
        guard count <= most else { throw .limit(of: resource, most: most, given: count) }
    }

    /// Whether whoever asks may have so many more of what there is.
    func checkShare(of resource: Resource, more: Int, used: Int, most: Int) throws(WireRefusal) {
        try self.ledger.checkShare(of: resource, more: more, used: used, most: most, by: self.payer)
    }

    func checkChannels(more: Int) throws(WireRefusal) {
        try self.check(self.channels.count + more, .channels)
        try self.checkShare(
            of: .channels, more: more, used: self.channels.count, most: self.configuration.maxChannels)
    }

    func checkGroups(more: Int) throws(WireRefusal) {
        try self.check(self.groups.count + more, .groups)
        try self.checkShare(of: .groups, more: more, used: self.groups.count, most: self.configuration.maxGroups)
    }
}

extension HubConfiguration {
    package func most(_ resource: WireRefusal.Resource) -> Int {
        switch resource {
        case .names: self.maxNames
        case .members: self.maxMembers
        case .channels: self.maxChannels
        case .groups: self.maxGroups
        case .watches: self.maxWatches
        case .tails: self.maxTails
        case .delayed: self.maxDelayed
        case .keys: self.maxKeys
        case .memory: self.maxMemory
        // The broker's own.
        case .connections: .max
        }
    }
}
