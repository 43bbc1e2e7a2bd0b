import SeawayWire

/// A named set of channels, in the order they came as long as none leaves.
///
/// A record exists only while it has members or watches.
final class Group: Named {
    let name: Name
    private(set) var members: [Channel] = []
    private var positions: [ObjectIdentifier: Int] = [:]
    /// The same by their names.
    private(set) var order = NameOrder<Channel>()
    /// Who is told of its members.
    private(set) var watches: [Watch] = []
    /// What they have not all been told.
    var changes = ChangeLog()
    /// All of them that may stand among the hub's news do.
    var areListed = false

    init(_ name: Name) { self.name = name }

    func contains(_ channel: Channel) -> Bool { self.positions[ObjectIdentifier(channel)] != nil }

    func add(_ channel: Channel) {
        self.positions[ObjectIdentifier(channel)] = self.members.count
        self.members.append(channel)
        self.order.insert(channel)
    }

    func add(_ watch: Watch) {
        watch.place = self.watches.count
        self.watches.append(watch)
        self.areListed = false
    }

    /// Removes a watch; the last takes its place.
    func remove(_ watch: Watch) {
        let last = self.watches.removeLast()
        guard last !== watch else { return }
        self.watches[watch.place] = last
        last.place = watch.place
    }

    /// Removes a member; the last takes its place, so that leaving costs the same in any group.
    func remove(_ channel: Channel) {
        guard let position = self.positions.removeValue(forKey: ObjectIdentifier(channel)) else { return }
        self.order.remove(channel)
        let last = self.members.removeLast()
        guard last !== channel else { return }
        self.members[position] = last
        self.positions[ObjectIdentifier(last)] = position
    }
}
