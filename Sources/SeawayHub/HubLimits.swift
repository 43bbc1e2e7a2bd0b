extension Hub {
    /// From now on these limits hold, of channels that are there too. What is held already stays, even where it is more
    /// than may be held now.
    ///
    /// - Complexity: O(channels and mailboxes).
    package func replaceLimits(_ new: HubConfiguration) {
        self.configuration = new
        self.closed.limit = new.maxClosed
        self.leases.mostHeld = self.configuration.maxHeld
        self.ledger.limit(to: self.configuration.maxMemory, self.configuration.shares)
        for channel in self.channels.all { channel.rules = self.configuration.rules(for: channel.name) }
        for mailbox in self.mailboxes.all { mailbox.capacity = self.configuration.capacity(ofMailbox: mailbox.name) }
    }
}
