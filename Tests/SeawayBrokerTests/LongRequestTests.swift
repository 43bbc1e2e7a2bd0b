import SeawayBroker
import SeawayHub
import TestSupport
import Testing

/// One request that takes many turns, between which others have theirs (A6, G5).
@Suite struct LongRequestTests {
    private static let members = 60_000

    private func core() -> BrokerCore { BrokerCore(configuration: BrokerConfiguration(), clock: { 0 }) }

    private func join(_ core: BrokerCore, _ client: MemoryClient, prefix: String) {
        // As many as a line has room for.
        let each = prefix.utf8.count < 10 ? 300 : 60
        for start in stride(from: 0, to: Self.members, by: each) {
            say("JOIN g \((start..<start + each).map { "\(prefix)\($0)" }.joined(separator: " "))\n", client)
            core.endTurns()
        }
        _ = takeHeard(client)
    }

    /// Goes on until nobody is behind, or until something holds; an innocent client is answered in each turn, and none
    /// is long.
    ///
    /// - Returns: how many turns that took.
    private func goOn(_ core: BrokerCore, _ innocent: MemoryClient, until isEnough: () -> Bool = { false }) -> Int {
        var turns = 0
        while core.isBehind, !isEnough() {
            turns += 1
            let before = core.workDone
            core.goOn()
            #expect(core.workDone - before <= Turns.longest + 5 * Turns.leastShare)
            say("PING\n", innocent)
            core.endTurn()
            #expect(takeHeard(innocent) == "PONG\n")
        }
        return turns
    }

    @Test func aSendToVeryManyMembersIsDividedAndCountsThemExactly() {
        let core = self.core()
        let (sender, innocent) = (memoryClient(core), memoryClient(core))
        self.join(core, sender, prefix: "m.")
        say("GSEND :7 g\n{\"n\":1}\nSEND :7 m.59999\n{\"n\":2}\nPEEK m.59999\n", sender)
        core.endTurn()
        #expect(takeHeard(sender).isEmpty)
        #expect(!sender.transport.isReading)
        // A message of the innocent to the last member may come before, those of one sender keep their order.
        #expect(self.goOn(core, innocent) >= 2)
        let heard = takeHeard(sender)
        #expect(heard.hasPrefix("OK sent=60000 full=0 gone=0\nOK\nDATA :"))
        let (first, second) = ("{\"n\":1}", "{\"n\":2}")
        #expect(heard.split(separator: first).last?.contains(second) == true)
        #expect(sender.transport.isReading)
    }

    @Test func sendsInARowAreDividedEach() {
        let core = self.core()
        let (sender, innocent) = (memoryClient(core), memoryClient(core))
        self.join(core, sender, prefix: "m.")
        say(String(repeating: "GSEND :2 g\n{}\n", count: 3), sender)
        core.endTurn()
        #expect(self.goOn(core, innocent) >= 6)
        #expect(takeHeard(sender) == String(repeating: "OK sent=60000 full=0 gone=0\n", count: 3))
    }

    @Test func whoComesOrGoesMeanwhileIsLeftOut() {
        let core = self.core()
        let (sender, other) = (memoryClient(core), memoryClient(core))
        self.join(core, sender, prefix: "m.")
        say("GSEND :2 g\n{}\n", sender)
        // The last leaves before its piece, the first behind it and comes again, and somebody is new.
        say("LEAVE g m.59999 m.0\nJOIN g m.0 new\nPEEK m.0 limit=1\nPEEK m.59999\n", other)
        core.endTurns()
        #expect(takeHeard(sender) == "OK sent=59999 full=0 gone=0\n")
        let heard = takeHeard(other)
        #expect(heard.hasPrefix("OK\nOK\nDATA :"))
        #expect(heard.contains("{\"channel\":\"m.0\",\"messages\":1,"))
        #expect(heard.contains("{\"channel\":\"m.59999\",\"messages\":0,"))
        say("PEEK new\nMEMBERS g limit=1\n", other)
        core.endTurns()
        let last = takeHeard(other)
        #expect(last.contains("{\"channel\":\"new\",\"messages\":0,"))
        #expect(last.contains("\"total\":60000,"))
    }

    @Test func whoLeavesWhileItSendsLeavesNothingOfIt() {
        let core = self.core()
        let (sender, other) = (memoryClient(core), memoryClient(core))
        self.join(core, sender, prefix: "m.")
        let before = core.memoryHeld
        say("GSEND :2 g\n{}\n", sender)
        sender.connection.receiveClosed()
        core.endTurns()
        say("FLUSH m.*\n", other)
        core.endTurns()
        #expect(takeHeard(other).hasSuffix(" memberships=0\n"))
        #expect(core.memoryHeld == before)
    }

    @Test func whoEndsItsSideWhileItSendsIsAnswered() {
        let core = self.core()
        let sender = memoryClient(core)
        self.join(core, sender, prefix: "m.")
        say("GSEND :2 g\n{}\nPING\n", sender)
        sender.connection.receiveEnd()
        core.endTurns()
        #expect(takeHeard(sender) == "OK sent=60000 full=0 gone=0\nPONG\n")
        #expect(sender.transport.isClosed)
    }

    // MARK: Memberships

    /// The channels that `JOINED` has named.
    private func joined(_ heard: String) -> [Substring] {
        heard.split(separator: "\n").filter { $0.hasPrefix("JOINED g ") }.flatMap {
            $0.split(separator: " ").dropFirst(2)
        }
    }

    @Test func membershipsAreToldInPiecesBeforeTheAnswer() {
        let core = self.core()
        let (joiner, reader, innocent) = (memoryClient(core), memoryClient(core), memoryClient(core))
        self.join(core, joiner, prefix: "x!")
        say("LISTEN x! members=1\nPING\n", reader)
        core.endTurn()
        #expect(self.goOn(core, innocent) >= 2)
        let heard = takeHeard(reader)
        #expect(Set(self.joined(heard)).count == Self.members)
        #expect(heard.hasSuffix("\nOK state=fresh\nPONG\n"))
    }

    @Test func noMoreIsToldThanIsTaken() {
        let core = self.core()
        let (joiner, reader, innocent) = (memoryClient(core), memoryClient(core), memoryClient(core))
        self.join(core, joiner, prefix: "x!a.long.name.so.that.there.is.much.to.tell.")
        reader.transport.isStalled = true
        say("LISTEN x! members=1\nPING\n", reader)
        core.endTurns()
        #expect(reader.transport.unsent < 600_000)
        #expect(!reader.transport.isReading)
        _ = self.goOn(core, innocent)
        reader.transport.isStalled = false
        reader.connection.outputWasTaken()
        core.endTurns()
        let heard = takeHeard(reader)
        #expect(Set(self.joined(heard)).count == Self.members)
        #expect(heard.hasSuffix("\nOK state=fresh\nPONG\n"))
        #expect(reader.transport.isReading)
    }

    @Test func whoTakesTheMailboxOverIsToldAndTheFormerNoMore() {
        let core = self.core()
        let (joiner, former, next) = (memoryClient(core), memoryClient(core), memoryClient(core))
        self.join(core, joiner, prefix: "x!")
        say("LISTEN x! members=1\n", former)
        say("LISTEN x! members=1\n", next)
        core.endTurns()
        let heard = takeHeard(former)
        #expect(Set(self.joined(heard)).count < Self.members)
        #expect(heard.contains("LOST x!\n"))
        #expect(heard.hasSuffix("\nOK state=fresh\n"))
        let other = takeHeard(next)
        #expect(Set(self.joined(other)).count == Self.members)
        #expect(other.hasSuffix("\nOK state=kept\n"))
    }
}
