import SeawayWire

/// The memberships of mailboxes, as they are told to their reader before its `LISTEN` is answered (L5), in pieces (A6).
package final class MembersTelling {
    fileprivate struct Part {
        let mailbox: Mailbox
        let reader: Reader
        /// So many of its channels are still to be told of, from the last of them to the first.
        var left: Int
    }

    fileprivate var parts: [Part] = []

    package var isOver: Bool { self.parts.isEmpty }

    /// Another reads the mailbox, or nobody.
    fileprivate func stop(_ mailbox: Mailbox) { self.parts.removeAll { $0.mailbox === mailbox } }
}

extension Hub {
    /// Channels of which is told at once.
    private static let stride = 250

    /// Has the memberships of a mailbox told; what begins or ends from now on is told by itself.
    func tell(of mailbox: Mailbox, _ reader: Reader, in telling: MembersTelling) {
        guard !mailbox.channels.isEmpty else { return }
        telling.parts.append(.init(mailbox: mailbox, reader: reader, left: mailbox.channels.count))
        mailbox.telling = telling
    }

    /// Tells some of them, as effects.
    package func tellSome(_ telling: MembersTelling) {
        guard let part = telling.parts.last else { return }
        let end = min(part.left, part.mailbox.channels.count)
        let start = max(0, end - Self.stride)
        if start == 0 {
            telling.parts.removeLast()
        } else {
            telling.parts[telling.parts.count - 1].left = start
        }
        self.tellMembers(part.mailbox.channels[start..<end], to: part.reader.peer.id)
    }

    private func tellMembers(_ channels: ArraySlice<Channel>, to id: PeerID) {
        var names: [Name: [Name]] = [:]
        self.work += Work.look * channels.count
        for channel in channels {
            self.work += Work.change * channel.memberships.count
            for (group, _) in channel.memberships.values { names[group.name, default: []].append(channel.name) }
        }
        for (group, channels) in names.sorted(by: { $0.key < $1.key }) {
            self.effects.append(.joined(id, group: group, channels.sorted()))
        }
    }
}

extension Reader {
    /// What is still to be told of its mailbox is told to nobody.
    func stopTelling() {
        guard case .mailbox(let mailbox) = self.target else { return }
        mailbox.telling?.stop(mailbox)
    }
}
