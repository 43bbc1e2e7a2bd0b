import SeawayWire

/// The groups that have members or watches, and their memberships.
final class Groups {
    private var table = NameTable<Group>()
    /// By name, for pages of them.
    private var order = NameOrder<Group>()
    /// Of all groups together.
    private(set) var memberships = 0

    var count: Int { self.table.count }

    /// In no order.
    var all: [Group] { self.table.all }

    @inline(__always)
    func find(_ name: Span<UInt8>, _ hash: NameHash) -> Group? { self.table.find(name, hash) }

    func find(_ name: Name) -> Group? { self.table.find(name) }

    /// By name.
    func elements(after name: Name?, most: Int) -> [Group] { self.order.elements(after: name, most: most) }

    /// Its record, made when there is none.
    func make(_ name: Name, by payer: PayerID, _ ledger: Ledger) -> Group {
        if let group = self.table.find(name) { return group }
        let group = Group(name)
        self.table.insert(group)
        self.order.insert(group)
        group.payer = payer
        ledger.pay(Cost.group + name.bytes.count, by: payer)
        ledger.payers.charge(payer, 1, .groups)
        return group
    }

    func dropIfEmpty(_ group: Group, _ ledger: Ledger) {
        guard group.members.isEmpty, group.watches.isEmpty, self.table.find(group.name) === group else { return }
        self.table.remove(group)
        self.order.remove(group)
        ledger.pay(-(Cost.group + group.name.bytes.count), by: group.payer)
        ledger.payers.charge(group.payer, -1, .groups)
    }

    /// Makes a channel a member that is none yet.
    func add(
        _ channel: Channel, to group: Group, by payer: PayerID, _ ledger: Ledger, _ work: inout Int
    ) {
        group.add(channel)
        channel.memberships[ObjectIdentifier(group)] = (group, payer)
        self.memberships += 1
        ledger.pay(Cost.membership, by: payer)
        work += 4 * Work.change
    }

    /// - Returns: whether it was a member.
    func remove(
        _ channel: Channel, from group: Group, _ ledger: Ledger, _ work: inout Int
    ) -> Bool {
        guard let (_, payer) = channel.memberships.removeValue(forKey: ObjectIdentifier(group)) else { return false }
        group.remove(channel)
        work += 4 * Work.change + group.marks.count * Work.look
        self.memberships -= 1
        ledger.pay(-Cost.membership, by: payer)
        return true
    }
}
