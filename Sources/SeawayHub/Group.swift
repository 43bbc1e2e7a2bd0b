import SeawayWire

/// A named set of channels, in the order they came as long as none leaves.
///
/// A record exists only while it has members or watches.
final class Group: Named {
    let name: Name
    private(set) var members: [Channel] = []
    private var positions: [ObjectIdentifier: Int] = [:]
    /// Who is told of its members.
    var watches: [Watch] = []

    init(_ name: Name) { self.name = name }

    func contains(_ channel: Channel) -> Bool { self.positions[ObjectIdentifier(channel)] != nil }

    func add(_ channel: Channel) {
        self.positions[ObjectIdentifier(channel)] = self.members.count
        self.members.append(channel)
    }

    /// Removes a member; the last takes its place, so that leaving costs the same in any group.
    func remove(_ channel: Channel) {
        guard let position = self.positions.removeValue(forKey: ObjectIdentifier(channel)) else { return }
        let last = self.members.removeLast()
        guard last !== channel else { return }
        self.members[position] = last
        self.positions[ObjectIdentifier(last)] = position
    }
}
