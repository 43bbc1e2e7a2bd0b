import SeawayHub
import SeawayMessage
import SeawayWire

/// Presence: what changes in groups, told to the channels that watch them (T3 to T6).
extension BrokerCore {
    /// Makes messages of all news and puts them on their channels; when there is no room the hub tries again.
    func tellWatchers() {
        guard self.hub.hasNews else { return }
        guard !self.isClosing else { return self.hub.forgetNews() }
        // What is left is told in the next turn.
        let end = self.turns.end(ofPartAt: self.hub.work)
        while self.hub.work < end, let news = self.hub.nextNews() {
            let body = news.json
            let outcome = self.hub.tell(news, body: self.bodies.nextID, size: body.count, now: self.now)
            // What is refused the hub tells later.
            _ = self.carryOut(outcome, body.span, .json, news.channel.bytes.span)
            if self.hub.hasCopies { self.pushCopies(body.span, .json, group: nil) }
        }
        self.carryOutEffects()
    }
}

/// Senders are told what becomes of their messages (S14).
extension BrokerCore {
    /// Puts what they are to be told on their channels; where there is no room nobody is told.
    func tellSenders() {
        guard self.hub.hasNews else { return }
        let end = self.turns.end(ofPartAt: self.hub.work)
        while self.hub.work < end, let report = self.hub.nextReport() {
            let body = report.json
            let outcome = self.hub.tell(report, body: self.bodies.nextID, size: body.count, now: self.now)
            _ = self.carryOut(outcome, body.span, .json, report.target.bytes.span)
            if self.hub.hasCopies { self.pushCopies(body.span, .json, group: nil) }
        }
        self.carryOutEffects()
    }
}

extension DeliveryReport {
    /// The message, its keys in the order of the protocol's page.
    fileprivate var json: [UInt8] {
        var json = JSONWriter()
        json.beginMap()
        json.key("type")
        json.string("channel.report")
        json.key("channel")
        json.string(utf8: self.channel.bytes.span)
        json.key("why")
        json.string(self.why.rawValue)
        json.key("times")
        json.int(self.times)
        if let note = self.note {
            json.key("note")
            json.string(note)
        }
        if let text = self.text {
            json.key("text")
            json.string(text)
        }
        json.endMap()
        return json.bytes
    }
}

extension WatchNews {
    /// The message, its keys in the order of the protocol's page.
    fileprivate var json: [UInt8] {
        var json = JSONWriter()
        json.beginMap()
        json.key("group")
        json.string(self.group.description)
        json.key("count")
        json.int(self.count)
        switch self.content {
        case .whole(let members, let hasMore):
            json.list("members", members)
            if hasMore, let last = members.last {
                json.key("next")
                json.string(utf8: last.bytes.span)
            }
        case .change(let joined, let left):
            json.list("joined", joined)
            json.list("left", left)
        }
        json.endMap()
        return json.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func list(_ key: String, _ names: [Name]) {
        self.key(key)
        self.beginList()
        for name in names { self.string(utf8: name.bytes.span) }
        self.endList()
    }
}
