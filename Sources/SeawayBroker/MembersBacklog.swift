import NIOCore
import SeawayHub
import SeawayNIO
import SeawayWire

/// Memberships that have begun or ended while a connection does not read, to be told when it does (D8).
///
/// What undoes another is not told: so it is never more than the memberships that there are, and those that were told.
struct MembersBacklog {
    /// A name with its hash: a table of very many grows in one moment, and would have to look at all of them.
    private struct Key: Hashable {
        let name: Name
        private let hash: Int

        init(_ name: Name) {
            self.name = name
            self.hash = name.hashValue
        }

        static func == (left: Key, right: Key) -> Bool { left.hash == right.hash && left.name == right.name }

        func hash(into hasher: inout Hasher) { hasher.combine(self.hash) }
    }

    private var changes: [Name: [Key: MembersVerb]] = [:]
    /// What it takes of memory, roughly.
    private(set) var memory = 0

    var isEmpty: Bool { self.changes.isEmpty }

    mutating func note(_ verb: MembersVerb, _ group: Name, _ channels: [Name]) {
        var known = self.changes.removeValue(forKey: group) ?? [:]
        for channel in channels {
            let key = Key(channel)
            guard let former = known.updateValue(verb, forKey: key) else {
                self.memory += Self.cost(of: channel)
                continue
            }
            guard former != verb else { continue }
            known[key] = nil
            self.memory -= Self.cost(of: channel)
        }
        if !known.isEmpty { self.changes[group] = known }
    }

    /// Takes out some of one kind, of one group.
    mutating func next(most: Int) -> (verb: MembersVerb, group: Name, channels: [Name])? {
        guard let (group, known) = self.changes.first, let verb = known.values.first else { return nil }
        let keys = Array(known.lazy.filter { $0.value == verb }.map(\.key).prefix(most))
        // In place: a copy of a large table for each few names would take for ever.
        for key in keys {
            self.changes[group]?[key] = nil
            self.memory -= Self.cost(of: key.name)
        }
        if self.changes[group]?.isEmpty == true { self.changes[group] = nil }
        return (verb, group, keys.map(\.name).sorted())
    }

    /// Another reads a mailbox now, and is told of it.
    mutating func forget(mailbox: Name) {
        for (group, known) in self.changes {
            let left = known.filter { !$0.key.name.bytes.starts(with: mailbox.bytes) }
            guard left.count < known.count else { continue }
            for key in known.keys where left[key] == nil { self.memory -= Self.cost(of: key.name) }
            self.changes[group] = left.isEmpty ? nil : left
        }
    }

    private static func cost(of name: Name) -> Int { 104 + name.bytes.count }
}

/// What such a connection is told.
extension Connection {
    private static let namesAtOnce = 200

    func pushMembers(_ verb: MembersVerb, group: Name, _ channels: [Name]) {
        guard self.isOverfull || !self.memberships.isEmpty else { return self.tell(verb, group, channels) }
        self.memberships.note(verb, group, channels)
        self.account()
        // Who does not read gives way, and never the others.
        guard self.core.hub.isOverShare(self.payer) else { return }
        self.end(.slow, "there is no room for its news of memberships", for: .maxMemory)
    }

    private func tell(_ verb: MembersVerb, _ group: Name, _ channels: [Name]) {
        let maxLine = self.core.configuration.limits.maxLine
        self.gather { $0.writeNames(verb == .joined ? "JOINED" : "LEFT", group: group, channels, maxLine: maxLine) }
    }

    /// It reads again: tells what has become of memberships meanwhile, as far as it takes it.
    func tellMemberships() {
        guard !self.memberships.isEmpty else { return }
        while !self.isOverfull, let next = self.memberships.next(most: Self.namesAtOnce) {
            self.core.hub.work += Work.change * next.channels.count
            self.tell(next.verb, next.group, next.channels)
        }
        self.account()
    }

    func pushLost(_ name: Name) {
        if NameForm(name.bytes.span) == .mailbox, !self.memberships.isEmpty {
            self.memberships.forget(mailbox: name)
            self.account()
        }
        self.gather { $0.writeString("LOST \(name)\n") }
    }
}
