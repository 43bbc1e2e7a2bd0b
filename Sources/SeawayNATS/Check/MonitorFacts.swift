import SeawayMessage

/// What a server's monitoring port says beyond what clients are told (`/varz`).
package struct MonitorFacts: Hashable, Sendable {
    package var name: String
    package var hasJetStream = false
    /// Whether each message is on the disk before it is acknowledged.
    package var syncsAlways = false
    /// Milliseconds; how old at most what is not on the disk is, if not always.
    package var syncInterval = 120_000
    package var maxStorage = 0
    /// How many servers have JetStream together; `nil`: it is alone, or does not say.
    package var clusterSize: Int?

    /// - Returns: `nil` for bytes that are no answer of such a port.
    package init?(json: [UInt8]) {
        guard let map = Message.of(json), let name = map.string("server_name") ?? map.string("server_id") else {
            return nil
        }
        self.name = name
        guard let jetStream = map["jetstream"]?.map, let configuration = jetStream["config"]?.map else { return }
        self.hasJetStream = true
        self.syncsAlways = configuration.bool("sync_always")
        self.syncInterval = configuration.int("sync_interval").map { Nanoseconds.milliseconds($0) } ?? 120_000
        self.maxStorage = configuration.int("max_storage") ?? 0
        self.clusterSize = jetStream["meta"]?.map?.int("cluster_size")
    }
}
