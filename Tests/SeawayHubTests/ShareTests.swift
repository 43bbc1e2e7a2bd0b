import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// Everybody has a share (M6), and pays for what it has stored until that leaves.
@Suite struct ShareTests {
    private let hub: Hub

    init() {
        var configuration = HubConfiguration()
        configuration.maxChannels = 1_000
        configuration.maxMemory = 100_000_000
        self.hub = Hub(configuration: configuration)
    }

    private func name(_ text: String) -> Name { Name(checked: Array(text.utf8)) }

    /// Takes as many channels as it gets.
    private func takeChannels(_ id: PeerID, _ prefix: String) -> (count: Int, refusal: WireRefusal?) {
        self.hub.payer = self.hub.payer(of: id)
        var count = 0
        while count < 2_000 {
            do throws(WireRefusal) {
                try self.hub.join(self.name("g"), [self.name("\(prefix).\(count)")], now: 0)
                count += 1
            } catch {
                return (count, error)
            }
        }
        return (count, nil)
    }

    private func send(_ id: PeerID, _ channel: String, size: Int) -> SendOutcome {
        self.hub.payer = self.hub.payer(of: id)
        let bytes = Array(channel.utf8)
        return self.hub.send(to: bytes.span, .normal, ifHeard: false, body: 0, size: size, now: 0)
    }

    @Test func oneAloneComesToThreeQuartersAndTheNextToThreeQuartersOfTheRest() {
        let (first, second) = (self.hub.connect(from: "a"), self.hub.connect(from: "b"))
        let greedy = self.takeChannels(first, "x")
        #expect(greedy.count == 750)
        #expect(greedy.refusal == .share(of: .channels, whose: .connection, most: 1_000))
        #expect(self.takeChannels(second, "y").count == 187)
        // And whoever holds nothing still gets something.
        #expect(self.takeChannels(self.hub.connect(from: "c", token: "t"), "z").count >= 47)
    }

    @Test func manyOfOneAddressLeaveSomethingToAnother() {
        let greedy = (0..<40).map { _ in self.hub.connect(from: "a", token: "t") }
        var taken = 0
        for (number, id) in greedy.enumerated() { taken += self.takeChannels(id, "x\(number)").count }
        #expect(taken < 1_000)
        let last = self.takeChannels(self.hub.connect(from: "a", token: "t"), "w")
        #expect(last.refusal == .share(of: .channels, whose: .address, most: 1_000))
        #expect(self.takeChannels(self.hub.connect(from: "b", token: "u"), "y").count > 0)
    }

    @Test func aTokenHasAShareHoweverManyAddressesItComesFrom() {
        for number in 0..<40 {
            _ = self.takeChannels(self.hub.connect(from: "\(number)", token: "t"), "x\(number)")
        }
        let last = self.takeChannels(self.hub.connect(from: "new", token: "t"), "w")
        #expect(last.refusal == .share(of: .channels, whose: .token, most: 1_000))
        #expect(self.takeChannels(self.hub.connect(from: "new", token: "u"), "y").count > 0)
    }

    @Test func whatIsStoredIsPaidForUntilItLeavesAlsoByOneThatIsGone() {
        let sender = self.hub.connect(from: "a")
        for _ in 0..<80 { #expect(self.send(sender, "q", size: 150_000) == .stored) }
        self.hub.disconnect(sender, endMailboxes: false, now: 0)
        // Others from there pay too, but for what is little.
        var stored = 0
        var refusal: SendOutcome?
        for number in 0..<100 where refusal == nil {
            for _ in 0..<8 where refusal == nil {
                let outcome = self.send(self.hub.connect(from: "a"), "q.\(number)", size: 1_500_000)
                if outcome == .stored { stored += 1 } else { refusal = outcome }
            }
        }
        #expect(refusal == .refused(.fullShare(whose: .address, most: 100_000_000)))
        #expect(stored > 40)
        _ = self.hub.flush(nil)
        #expect(self.send(self.hub.connect(from: "a"), "q", size: 1_500_000) == .stored)
    }

    @Test func aLogInTakesAlongWhatIsHeld() {
        let id = self.hub.connect(from: "a")
        _ = self.takeChannels(id, "x")
        self.hub.logIn(id, token: "t")
        let other = self.hub.connect(from: "b", token: "t")
        #expect(self.takeChannels(other, "y").count == 187)
        self.hub.disconnect(id, endMailboxes: true, now: 0)
        self.hub.disconnect(other, endMailboxes: true, now: 0)
        _ = self.hub.flush(nil)
        #expect(self.hub.memory == 0)
        #expect(self.takeChannels(self.hub.connect(from: "a", token: "t"), "x").count == 750)
    }
}
