import SeawayHub

extension BrokerConfiguration {
    /// The same with the limits of another that may change while a broker runs.
    ///
    /// What is made once, and how the broker presents itself, stays as it is. A larger or smaller `max-body` holds for
    /// connections that come from then on: each keeps that which it was told.
    func taking(_ new: BrokerConfiguration) -> BrokerConfiguration {
        var configuration = self
        configuration.hub = new.hub
        if self.makeStore != nil {
            // The store was told of these.
            configuration.hub.capacities = self.hub.capacities
            configuration.hub.onceWindow = self.hub.onceWindow
            configuration.hub.maxDelayed = self.hub.maxDelayed
        } else {
            configuration.limits = new.limits
        }
        configuration.loginDelay = new.loginDelay
        configuration.frameTimeout = new.frameTimeout
        configuration.maxConnections = new.maxConnections
        configuration.maxStrangers = new.maxStrangers
        configuration.maxUnread = new.maxUnread
        configuration.unreadTimeout = new.unreadTimeout
        configuration.idleTimeout = new.idleTimeout
        configuration.maxLingering = new.maxLingering
        configuration.lingerTimeout = new.lingerTimeout
        return configuration
    }
}

extension Broker {
    /// From now on these limits hold; of what is there already nothing ends, even where it is more than may be there
    /// now.
    package func replaceLimits(_ new: BrokerConfiguration) async throws {
        try await self.look { core in
            core.configuration = core.configuration.taking(new)
            core.hub.replaceLimits(core.configuration.hub)
            core.loginDelays.most = core.configuration.loginDelay
        }
    }
}
