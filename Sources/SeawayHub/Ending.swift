import DequeModule
import SeawayWire

/// Something that ends and may be large: a mailbox with all its channels, or what is flushed.
///
/// It ends in pieces of ``Hub/piece``, between which others have their turns (A6). Whoever has asked is answered when
/// it is over; what comes meanwhile to a channel that has not ended yet ends with it, as if it had come before.
package final class Ending {
    enum Reason {
        /// Its reader has left for good.
        case unlistened
        /// Its reader was away for too long: memberships alone.
        case lapsed
        /// By pattern, all without one.
        case flushed(Pattern?)
    }

    let reason: Reason
    /// Those that are left, the next one last.
    var channels: [Channel]
    var groups: [Group]
    /// What is told of it: how many have ended.
    package internal(set) var messages = 0
    package internal(set) var memberships = 0
    package internal(set) var isOver = false

    init(_ reason: Reason, _ channels: [Channel], _ groups: [Group] = []) {
        self.reason = reason
        self.channels = channels
        self.groups = groups
    }
}

/// Ending it.
extension Hub {
    /// From so many messages on the order in which channels end matters.
    private static let many = 100_000

    /// All channels as they are to end: where much waits, in the order in which they came to be. What they have held
    /// lies in memory in that order, roughly, and what is freed side by side goes back to the system at once.
    func inOrder(_ channels: [Channel]) -> [Channel] {
        guard self.queuedMessages >= Self.many else { return channels }
        self.work += Work.look * channels.count
        let places = channels.map { ObjectIdentifier($0) }
        // The next one last.
        return places.indices.sorted { places[$0] > places[$1] }.map { channels[$0] }
    }

    /// Whether ``goOnEnding()`` is to be called.
    package var isEnding: Bool { !self.endings.isEmpty || self.isLate }

    /// The latest that is not over; with it all before it will be.
    package var latestEnding: Ending? { self.endings.last }

    /// Does a piece of what is ending, and of what is late.
    package func goOnEnding(now: Int) {
        if self.isLate { self.wake(now: now) }
        let limit = self.pieceLimit
        while let ending = self.endings.first {
            guard self.goOn(ending, until: limit) else { return }
            self.endings.removeFirst()
        }
    }

    /// Where a piece that begins now ends.
    var pieceLimit: Int { self.piece == .max ? .max : self.work + self.piece }

    /// Begins to end something, and does the first piece.
    func begin(_ ending: Ending) {
        self.endings.append(ending)
        guard self.endings.count == 1 else { return }
        if self.goOn(ending, until: self.pieceLimit) { self.endings.removeFirst() }
    }

    /// Ends the rest of it at once, for somebody who begins anew with its name.
    func finish(_ ending: Ending) {
        _ = self.goOn(ending, until: .max)
        self.endings.removeAll { $0 === ending }
    }

    /// - Returns: whether it is over.
    private func goOn(_ ending: Ending, until limit: Int) -> Bool {
        while let channel = ending.channels.last {
            guard self.end(channel, ending, until: limit) else { return false }
            ending.channels.removeLast()
        }
        while let group = ending.groups.last {
            guard self.work < limit else { return false }
            ending.memberships += self.removeSome(from: group)
            if group.members.isEmpty { ending.groups.removeLast() }
        }
        ending.isOver = true
        return true
    }

    private func end(_ channel: Channel, _ ending: Ending, until limit: Int) -> Bool {
        guard self.work < limit else { return false }
        self.work += Work.look
        guard !channel.isDropped else { return true }
        switch ending.reason {
        case .unlistened:
            guard channel.readers.isEmpty else { return true }
            guard self.dropAll(in: channel, .unlistened, until: limit) else { return false }
            self.endMemberships(of: channel)
            self.endWatches(on: channel)
        case .lapsed:
            guard channel.readers.isEmpty else { return true }
            self.counters.lapsed += channel.memberships.count
            self.endMemberships(of: channel)
        case .flushed(let pattern):
            self.work += channel.name.bytes.count * Work.byte
            guard pattern?.matches(channel.name) != false else { return true }
            let before = self.queuedMessages
            let isEmpty = self.dropAll(in: channel, .flushed, until: limit)
            ending.messages += before - self.queuedMessages
            guard isEmpty else { return false }
        }
        self.dropIfUnused(channel)
        return true
    }

    /// - Returns: whether none is left.
    private func dropAll(in channel: Channel, _ reason: HubCounters.Drop, until limit: Int) -> Bool {
        while let message = channel.queue.popFirst() {
            self.work += Work.change
            if reason == .unlistened, let siblings = message.siblings, !siblings.channels.isEmpty {
                // All of them end: the list of them, as long as they are many, is not kept until the last has.
                self.work += siblings.channels.count * Work.look / 4
                siblings.channels = []
            }
            self.drop(message, from: channel, reason)
            guard self.work < limit else { return channel.queue.isEmpty }
        }
        self.channels.noteRoom(of: channel)
        return true
    }
}
