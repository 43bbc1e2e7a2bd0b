/// At which broker each watch of a group is (SHARDING.md, B20).
struct ShardedWatches {
    struct Watch: Hashable {
        let group: String
        let channel: String
    }

    private(set) var all: [Watch: Int] = [:]

    mutating func place(_ watch: Watch, at broker: Int) { self.all[watch] = broker }

    /// - Returns: where it was.
    mutating func end(_ watch: Watch) -> Int? { self.all.removeValue(forKey: watch) }

    /// It was not granted there; where it has gone meanwhile it stays.
    mutating func end(_ watch: Watch, at broker: Int) {
        if self.all[watch] == broker { self.all[watch] = nil }
    }
}
