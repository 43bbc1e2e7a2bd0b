import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// A group send in pieces, between which channels join and leave.
@Suite struct GroupSendTests {
    private func name(_ text: String) -> Name { Name(checked: Array(text.utf8)) }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func whoStaysGetsItOnceAndWhoComesMeanwhileNotAtAll(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let hub = Hub(configuration: HubConfiguration())
        let group = Array("g".utf8)
        var members = (0..<3_000).map { self.name("m.\($0)") }
        for name in members { try hub.join(self.name("g"), [name], now: 0) }
        // Several at a time, each begun at another moment.
        var sends: [(send: GroupSend, body: BodyID, begunWith: Set<Name>)] = []
        var left: Set<Name> = []
        for round in 0..<40 {
            if round < 4 {
                let send = hub.makeGroupSend(group.span, except: nil, size: 2)
                _ = hub.goOn(send, body: BodyID(round), now: 0, until: hub.work + 1)
                sends.append((send, BodyID(round), Set(members)))
            }
            for send in sends where !send.send.isOver && Bool.random(using: &random) {
                _ = hub.goOn(send.send, body: send.body, now: 0, until: hub.work + 1)
            }
            for _ in 0..<20 {
                let name = members.remove(at: .random(in: 0..<members.count, using: &random))
                hub.leave(self.name("g"), [name])
                left.insert(name)
            }
            let new = (0..<20).map { self.name("n.\(round).\($0)") }
            try hub.join(self.name("g"), new, now: 0)
            members += new
        }
        for send in sends {
            while !send.send.isOver { _ = hub.goOn(send.send, body: send.body, now: 0, until: hub.work + 1) }
            var got = 0
            for name in send.begunWith.union(members).union(left) {
                let times = hub.waiting(on: name, now: 0).rows.count { $0.body == send.body }
                got += times
                #expect(times <= (send.begunWith.contains(name) ? 1 : 0))
                if send.begunWith.contains(name), !left.contains(name) { #expect(times == 1) }
            }
            #expect(send.send.outcome == GroupOutcome(sent: got, stored: got))
        }
    }
}
