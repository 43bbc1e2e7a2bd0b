package import SeawayWire

/// What one may do on a broker that has tokens: patterns of names, by right (U2).
package struct Permissions: Hashable, Sendable {
    /// Channels and groups that may be sent to.
    package var send: [Pattern] = []
    /// Channels and mailboxes that may be read.
    package var listen: [Pattern] = []
    /// Groups whose members may be changed and listed.
    package var join: [Pattern] = []
    /// Names that may be looked into, tailed and flushed.
    package var admin: [Pattern] = []

    /// Nothing at all: as before a log-in.
    package init() {}

    @inline(__always)
    func maySend(_ name: Span<UInt8>) -> Bool {
        for pattern in self.send where pattern.matches(name) { return true }
        return false
    }

    func maySend(_ name: Name) -> Bool { self.send.contains { $0.matches(name) } }
    /// Whether reports may be asked for on a reply channel: by who may send there, or read it (S14).
    func mayBeTold(on channel: Span<UInt8>) -> Bool {
        if self.maySend(channel) { return true }
        guard case .reply(let length)? = NameForm(channel) else { return false }
        let mailbox = channel.extracting(..<length)
        return self.listen.contains { $0.matches(mailbox) }
    }

    func mayListen(_ name: Name) -> Bool { self.listen.contains { $0.matches(name) } }
    func mayJoin(_ group: Name) -> Bool { self.join.contains { $0.matches(group) } }
    func mayAdminister(_ name: Name) -> Bool { self.admin.contains { $0.matches(name) } }

    /// Whether every name that the pattern matches may be administered.
    ///
    /// - Parameter pattern: `nil`: all names.
    func mayAdminister(_ pattern: Pattern?) -> Bool {
        guard let pattern = pattern ?? Pattern("*") else { return false }
        return self.admin.contains { $0.covers(pattern) }
    }

    func mayList(_ group: Name) -> Bool { self.mayJoin(group) || self.mayAdminister(group) }
    func mayWatch(_ group: Name, _ channel: Name) -> Bool { self.mayList(group) && self.maySend(channel) }

    /// - Parameter line: that of the request.
    func allow(_ request: Request, _ line: Span<UInt8>) -> Bool {
        switch request {
        case .send(let channel, _, _, _, let terms):
            self.maySend(line.extracting(channel))
                && terms?.report.map { self.mayBeTold(on: $0.channel.bytes.span) } != false
        case .groupSend(let group, _, _): self.maySend(line.extracting(group))
        case .listen(let names, _, _): names.allSatisfy(self.mayListen)
        case .acknowledge(let channel, _), .giveBack(let channel, _, _), .hold(let channel, _): self.mayListen(channel)
        case .join(let group, let channels), .leave(let group, let channels):
            self.mayJoin(group) && channels.allSatisfy { self.maySend($0) }
        case .members(let group, _): self.mayList(group)
        case .watch(let group, let channel): self.mayWatch(group, channel)
        case .peek(let channel, _): self.mayAdminister(channel)
        case .tail(let patterns): patterns.allSatisfy { self.mayAdminister($0) }
        case .flush(let pattern): self.mayAdminister(pattern)
        case .stats, .end: self.mayAdminister(nil as Pattern?)
        // They speak of the connection itself, or of what it reads.
        case .hello, .unlisten, .ready, .unwatch, .untail, .pause, .resume, .close, .ping, .pong, .quit: true
        }
    }
}
