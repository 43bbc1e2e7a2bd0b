import SeawayWire

/// A named set of channels, in the order they came as long as none leaves.
///
/// A record exists only while it has members or watches.
final class Group: Named {
    let name: Name
    /// Who has made it (M6).
    var payer: PayerID = 0
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
    /// Where those stand who go through the members, in no order.
    private(set) var marks: [Mark] = []

    /// A place between two members, or before or behind all.
    final class Mark {
        fileprivate(set) var place: Int

        fileprivate init(_ place: Int) { self.place = place }
    }

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

    /// Removes a member; another takes its place, so that leaving costs the same in any group.
    ///
    /// That is the last, or of those before the next mark the last: whoever stands on one side of a mark stays on it.
    func remove(_ channel: Channel) {
        guard var hole = self.positions.removeValue(forKey: ObjectIdentifier(channel)) else { return }
        self.order.remove(channel)
        if !self.marks.isEmpty {
            for mark in self.marks.filter({ $0.place > hole }).sorted(by: { $0.place < $1.place }) {
                self.move(mark.place - 1, to: &hole)
                mark.place -= 1
            }
        }
        self.move(self.members.count - 1, to: &hole)
        self.members.removeLast()
    }

    private func move(_ position: Int, to hole: inout Int) {
        guard position != hole else { return }
        self.members[hole] = self.members[position]
        self.positions[ObjectIdentifier(self.members[hole])] = hole
        hole = position
    }

    // MARK: Going through them

    func makeMark(at place: Int) -> Mark {
        let mark = Mark(place)
        self.marks.append(mark)
        return mark
    }

    func move(_ mark: Mark, to place: Int) { mark.place = place }

    func remove(_ mark: Mark) { self.marks.removeAll { $0 === mark } }
}
