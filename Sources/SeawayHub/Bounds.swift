package import SeawayWire

/// What is refused at a limit: its value and what would exceed it are told (section 7).
extension Hub {
    /// - Parameter count: what there would be.
    func check(_ count: Int, _ resource: WireRefusal.Resource) throws(WireRefusal) {
        let most = self.configuration.most(resource)
        guard count <= most else { throw .limit(of: resource, most: most, given: count) }
    }

    /// Nothing more fits in the broker's memory.
    package var isFull: WireRefusal {
        self.overShare.map { .fullShare(whose: $0, most: self.configuration.maxMemory) }
            ?? .full(by: .memory, most: self.configuration.maxMemory)
    }

    var noMemory: WireRefusal {
        self.overShare.map { .share(of: .memory, whose: $0, most: self.configuration.maxMemory) }
            ?? .limit(of: .memory, most: self.configuration.maxMemory, given: 0)
    }

    /// There is no room for one more.
    var noChannel: WireRefusal {
        .limit(of: .channels, most: self.configuration.maxChannels, given: self.configuration.maxChannels + 1)
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
