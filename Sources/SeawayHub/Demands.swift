package import SeawayWire

/// The channels of a store for which this broker can take more or fewer messages than when it was last said.
final class Demands {
    private var changed: [Channel] = []
    /// There is something to say when the turn ends.
    var wake: () -> Void = {}
    /// Nothing is taken any more: the broker leaves (X2).
    var isOver = false

    func note(_ channel: Channel) {
        guard !channel.isDemandNoted else { return }
        channel.isDemandNoted = true
        if self.changed.isEmpty { self.wake() }
        self.changed.append(channel)
    }

    func note(_ channels: [Channel]) { for channel in channels { self.note(channel) } }

    func take() -> [Channel] {
        defer { self.changed.removeAll(keepingCapacity: true) }
        return self.changed
    }
}

/// How much of a store's channels listeners here can take (D20, D22).
extension Hub {
    /// What is asked of a store for one channel at most.
    package static let mostDemanded = 256

    /// Has `call` run when ``takeDemands()`` has something.
    package func onDemand(_ call: @escaping () -> Void) { self.demands.wake = call }

    /// Channels of which another number of messages can be taken than was said, and that number.
    package func takeDemands() -> [(channel: Name, count: Int)] {
        var news: [(channel: Name, count: Int)] = []
        for channel in self.demands.take() {
            channel.isDemandNoted = false
            self.work += Work.look * (1 + channel.readers.count / 8)
            let count = self.demand(for: channel)
            guard count != channel.demanded else { continue }
            channel.demanded = count
            news.append((channel.name, count))
        }
        return news
    }

    private func demand(for channel: Channel) -> Int {
        guard !channel.isDropped, !self.demands.isOver else { return 0 }
        var sum = -channel.queue.count
        for reader in channel.readers where !reader.pool.isBlocked {
            let held = reader.acknowledges ? reader.peer.leases.count : 0
            let credit = reader.pool.credit
            sum += reader.acknowledges ? max(0, min(credit, self.configuration.maxHeld - held)) : credit
            if sum >= Self.mostDemanded { return Self.mostDemanded }
        }
        return max(0, sum)
    }

    /// The broker leaves: it takes nothing more of stores, and gives back what nobody holds (X2).
    package func endDemands() {
        self.demands.isOver = true
        for channel in self.channels.all where channel.isStored {
            self.work += Work.look
            self.demands.note(channel)
            self.giveBackWaiting(of: channel)
            self.dropIfUnused(channel)
        }
    }
}
