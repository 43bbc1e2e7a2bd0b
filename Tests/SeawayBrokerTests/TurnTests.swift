import SeawayBroker
import SeawayHub
import TestSupport
import Testing

/// Who works when, as values (A6).
@Suite struct TurnTests {
    @Test func whoHasHadNothingComesFirstAndNobodyWaitsForEver() {
        var turns = Turns()
        for id in 0..<4 { turns.putOff(id, hasWorked: true) }
        for id in 10..<18 { turns.putOff(id, hasWorked: false) }
        var order: [PeerID] = []
        while let id = turns.next() { order.append(id) }
        #expect(order == [10, 11, 12, 0, 13, 14, 15, 1, 16, 17, 2, 3])
        #expect(turns.count == 0)
    }

    @Test func theMoreWaitTheLessEachDoes() {
        var turns = Turns()
        turns.begin(at: 1_000)
        #expect(turns.share(at: 1_000) == Turns.longest)
        turns.putOff(1, hasWorked: false)
        #expect(turns.share(at: 1_000) == Turns.longest / 2)
        #expect(turns.share(at: 1_000 + Turns.longest - 5) == Turns.leastShare)
        // So many wait that a long turn would save nothing.
        turns.putOff(2, hasWorked: false)
        turns.begin(at: 1_000)
        #expect(turns.length == Turns.longest / 2)
        for id in 0..<1_000 { turns.putOff(id, hasWorked: false) }
        turns.begin(at: 1_000)
        #expect(turns.share(at: 1_000) == Turns.leastShare)
        #expect(!turns.isOver(at: 999 + Turns.shortest))
        #expect(turns.isOver(at: 1_000 + Turns.shortest))
    }

    @Test func whatWasDoneBeyondAShareIsWaitedFor() {
        var quota = Quota()
        let may = quota.begin(at: 0, share: 100)
        #expect(may)
        #expect(quota.limit == 100)
        quota.end(at: 350, in: 1)
        #expect(quota.owed == 250)
        let turns = (0..<3).map { _ in quota.begin(at: 400, share: 100) }
        #expect(turns == [false, false, true])
        #expect(quota.limit == 450)
        quota.end(at: 430, in: 4)
        #expect(quota.owed == 0)
    }

    @Test func whoHasDoneMuchInOneTurnIsGreedyForAFewMore() {
        var quota = Quota()
        // In two pieces of one turn, and then as much in two turns.
        for (start, turn) in [(0, 7), (300_000, 7), (600_000, 20), (900_000, 21)] {
            _ = quota.begin(at: start, share: 300_000)
            quota.end(at: start + Turns.much / 2, in: turn)
            if start == 0 { #expect(!quota.isGreedy(in: 7)) }
            if start == 300_000 { #expect(quota.isGreedy(in: 7)) }
        }
        #expect(quota.isGreedy(in: 6 + Turns.memory))
        #expect(!quota.isGreedy(in: 7 + Turns.memory))
        #expect(!quota.isGreedy(in: 22))
    }

    @Test func aTurnIsAsMuchShorterAsWorkTakesLonger() {
        var turns = Turns()
        turns.begin(at: 0)
        #expect(turns.length == Turns.longest)
        turns.pace.note(100_000, took: 400_000)
        turns.begin(at: 0)
        #expect(turns.length == Turns.longest / 4)
        // What is quick counts by and by, what is short not at all.
        turns.pace.note(1_000_000, took: 1_000_000)
        turns.pace.note(1_000_000, took: Pace.least - 1)
        turns.begin(at: 0)
        #expect((Turns.longest / 4 + 1..<Turns.longest / 3).contains(turns.length))
        for _ in 0..<100 { turns.pace.note(1_000_000, took: 1_000_000) }
        turns.begin(at: 0)
        #expect(turns.length == Turns.longest)
        turns.pace.note(0, took: 1_000_000_000)
        turns.begin(at: 0)
        #expect(turns.length == Turns.longest / 10)
    }

    @Test func whoAsksForLittleHasSomeRoomBehindATurn() {
        var turns = Turns()
        turns.begin(at: 0)
        #expect(turns.isOver(at: Turns.longest) && turns.hasRest(at: Turns.longest))
        #expect(!turns.hasRest(at: Turns.longest * 5 / 4))
        turns.goOn(at: Turns.longest)
        #expect(!turns.isOver(at: Turns.longest * 3 / 2 - 1))
        #expect(turns.isOver(at: Turns.longest * 3 / 2))
    }
}

/// The same by whole brokers, whose work is counted.
@Suite struct FairnessTests {
    private func core() -> BrokerCore { BrokerCore(configuration: BrokerConfiguration(), clock: { 0 }) }

    /// No turn does more than this, unless one request does.
    private static let most = Turns.longest + 2 * Turns.leastShare

    /// Goes on until nobody is behind; an innocent client asks in each turn, and is answered in it.
    ///
    /// - Returns: how many turns that took.
    private func goOn(_ core: BrokerCore, _ innocent: MemoryClient, most: Int = most) -> Int {
        var turns = 0
        while core.isBehind {
            turns += 1
            let before = core.workDone
            core.goOn()
            #expect(core.workDone - before <= most)
            say("PING\n", innocent)
            core.endTurn()
            #expect(takeHeard(innocent) == "PONG\n")
        }
        return turns
    }

    @Test func aFloodIsAnsweredInPiecesBetweenWhichOthersAreAnswered() {
        let core = self.core()
        let (flood, innocent) = (memoryClient(core), memoryClient(core))
        say(String(repeating: "PING\n", count: 50_000), flood)
        core.endTurn()
        let first = flood.transport.received.count / 5
        #expect((1_000..<50_000).contains(first))
        #expect(!flood.transport.isReading)
        #expect(self.goOn(core, innocent) >= 2)
        #expect(takeHeard(flood) == String(repeating: "PONG\n", count: 50_000))
        #expect(flood.transport.isReading)
    }

    @Test func whoHasDoneMuchLatelyComesBehindThoseWhoAskForLittle() {
        let core = self.core()
        let (flood, innocent) = (memoryClient(core), memoryClient(core))
        say(String(repeating: "PING\n", count: 5_000), flood)
        core.endTurns()
        #expect(takeHeard(flood) == String(repeating: "PONG\n", count: 5_000))
        let before = core.workDone
        say("PING\n", flood)
        #expect(core.workDone == before)
        say("PING\n", innocent)
        #expect(core.workDone > before)
        // In the same turn all the same.
        core.endTurn()
        #expect(!core.isBehind)
        #expect(takeHeard(flood) == "PONG\n" && takeHeard(innocent) == "PONG\n")
        // It is forgotten when it has asked for little for some turns.
        for _ in 0..<Turns.memory {
            say("PING\n", flood)
            core.endTurn()
        }
        let later = core.workDone
        say("PING\n", flood)
        #expect(core.workDone > later)
    }

    @Test func ofAHundredFloodsEachGetsItsShareAndNoTurnGrows() {
        let core = self.core()
        let (floods, innocent) = ((0..<100).map { _ in memoryClient(core) }, memoryClient(core))
        let before = core.workDone
        for flood in floods { say(String(repeating: "PING\n", count: 5_000), flood) }
        core.endTurn()
        #expect(core.workDone - before <= Self.most)
        // All have had something before one has had everything.
        while floods.contains(where: { $0.transport.received.isEmpty }) {
            core.goOn()
            #expect(floods.count { $0.transport.received.count == 25_000 } <= 3)
        }
        #expect(self.goOn(core, innocent) > 10)
        for flood in floods { #expect(takeHeard(flood) == String(repeating: "PONG\n", count: 5_000)) }
    }

    @Test func whatCreditMakesDeliverableComesInPiecesAndBeforeLaterAnswers() {
        let core = self.core()
        let (reader, sender, innocent) = (memoryClient(core), memoryClient(core), memoryClient(core))
        say(String(repeating: "SEND :2 q Capacity=1000000\n{}\n", count: 40_000), sender)
        core.endTurns()
        #expect(takeHeard(sender) == String(repeating: "OK\n", count: 40_000))
        say("LISTEN q\nREADY 1000000\nPING\nSEND :2 r\n{}\n", reader)
        core.endTurn()
        #expect(self.goOn(core, innocent) >= 1)
        #expect(takeHeard(reader) == "OK\n" + String(repeating: "MSG :2 q\n{}\n", count: 40_000) + "PONG\nOK\n")
    }

    @Test func eightSendsToAThousandMembersAreOneTurn() {
        let core = self.core()
        let sender = memoryClient(core)
        for start in stride(from: 0, to: 1_000, by: 250) {
            say("JOIN g \((start..<start + 250).map { "m.\($0)" }.joined(separator: " "))\n", sender)
        }
        core.endTurns()
        _ = takeHeard(sender)
        say(String(repeating: "GSEND :2 g\n{}\n", count: 8), sender)
        core.endTurn()
        #expect(!core.isBehind)
        #expect(takeHeard(sender) == String(repeating: "OK sent=1000 full=0 gone=0\n", count: 8))
    }

    /// Messages enough for many pieces, in one mailbox.
    private func fill(_ core: BrokerCore, _ sender: MemoryClient, expiry: String = "") {
        for channel in 0..<4 {
            let send = "SEND :2 x!\(channel) Capacity=1000000\(expiry)\n{}\n"
            say(String(repeating: send, count: 15_000), sender)
            core.endTurns()
        }
        #expect(takeHeard(sender) == String(repeating: "OK\n", count: 60_000))
    }

    @Test func aMailboxEndsInPiecesAndIsGoneWhenThatIsAnswered() {
        let core = self.core()
        let (reader, innocent) = (memoryClient(core), memoryClient(core))
        say("LISTEN x!\nJOIN g x!1 y\n", reader)
        core.endTurn()
        self.fill(core, memoryClient(core))
        say("UNLISTEN x!\nPEEK x!1\nMEMBERS g\n", reader)
        core.endTurn()
        #expect(takeHeard(reader) == "OK state=fresh\nOK\n")
        #expect(self.goOn(core, innocent) >= 2)
        let heard = takeHeard(reader)
        #expect(heard.hasPrefix("OK\nDATA :"))
        #expect(heard.contains("\"messages\":0,\"bytes\":0,\"readers\":0"))
        #expect(heard.hasSuffix("{\"group\":\"g\",\"total\":1,\"members\":[\"y\"]}\n"))
    }

    @Test func aReaderThatComesMeanwhileBeginsAnew() {
        let core = self.core()
        let (former, next) = (memoryClient(core), memoryClient(core))
        say("LISTEN x!\n", former)
        core.endTurn()
        self.fill(core, next)
        say("UNLISTEN x!\n", former)
        say("LISTEN x!\nJOIN g x!1\nSEND :2 x!1\n{}\nREADY 5\n", next)
        core.endTurns()
        #expect(takeHeard(former) == "OK state=fresh\nOK\n")
        #expect(takeHeard(next) == "OK state=fresh\nOK\nOK\nMSG :2 x!1\n{}\n")
        #expect(!core.isBehind)
    }

    @Test func aFlushInPiecesCountsExactly() {
        let core = self.core()
        let (client, innocent) = (memoryClient(core), memoryClient(core))
        self.fill(core, client)
        for start in stride(from: 0, to: 3_000, by: 300) {
            say("JOIN g \((start..<start + 300).map { "m.\($0)" }.joined(separator: " "))\n", client)
        }
        core.endTurns()
        _ = takeHeard(client)
        say("FLUSH\nQUIT\n", client)
        core.endTurn()
        #expect(self.goOn(core, innocent) >= 2)
        #expect(takeHeard(client) == "OK messages=60000 memberships=3000\nOK\n")
        #expect(client.transport.isClosed)
        client.connection.receiveClosed()
        innocent.connection.receiveClosed()
        #expect(core.memoryHeld == 0)
    }

    @Test func whatExpiresInOneMomentGoesInPieces() {
        final class Clock { var now = 0 }
        let clock = Clock()
        let core = BrokerCore(configuration: BrokerConfiguration(), clock: { clock.now })
        let (sender, innocent) = (memoryClient(core), memoryClient(core))
        self.fill(core, sender, expiry: " Expiry=500")
        clock.now = 500
        let before = core.workDone
        core.check()
        #expect(core.workDone - before <= Self.most)
        #expect(self.goOn(core, innocent) >= 2)
        sender.connection.receiveClosed()
        #expect(core.memoryHeld < 1_000)
    }

    @Test func whoEndsItsSideWhileItWaitsGetsAllItsAnswers() {
        let core = self.core()
        let client = memoryClient(core)
        say(String(repeating: "PING\n", count: 50_000) + "SEN", client)
        client.connection.receiveEnd()
        core.endTurn()
        #expect(!client.transport.isClosed)
        core.endTurns()
        #expect(takeHeard(client) == String(repeating: "PONG\n", count: 50_000))
        #expect(client.transport.isClosed)
    }

    @Test func whoLeavesWhileItWaitsLeavesNothing() {
        let core = self.core()
        let client = memoryClient(core)
        say(String(repeating: "PING\n", count: 50_000), client)
        client.connection.receiveClosed()
        // The next gets its number.
        let next = memoryClient(core)
        say("PING\n", next)
        core.endTurns()
        #expect(takeHeard(next) == "PONG\n")
        #expect(next.transport.isReading)
        #expect(!core.isBehind)
        next.connection.receiveClosed()
        #expect(core.memoryHeld == 0)
    }

    @Test func whatComesWhileOneWaitsIsAnsweredBehind() {
        let core = self.core()
        let client = memoryClient(core)
        say(String(repeating: "PING\n", count: 50_000) + "PI", client)
        say("NG\nSEND :2 a\n{}\n", client)
        core.endTurns()
        #expect(takeHeard(client) == String(repeating: "PONG\n", count: 50_001) + "OK\n")
    }

    @Test func aBrokerThatLeavesAnswersWhoeverWaits() {
        let core = self.core()
        let client = memoryClient(core)
        say(String(repeating: "PING\n", count: 50_000), client)
        core.shutDown(within: 1_000)
        core.endTurns()
        core.endTurn()
        let heard = takeHeard(client)
        #expect(heard.contains("BYE shutdown in=1000\n"))
        #expect(heard.utf8.count == 5 * 50_000 + "BYE shutdown in=1000\n".utf8.count)
        #expect(client.transport.isClosed)
    }

    @Test func aBodyThatComesInManyPiecesIsWhole() {
        let core = self.core()
        let client = memoryClient(core)
        say("PING\nSEND :20000 a\n{\"a\":\"", client)
        for _ in 0..<199 { say(String(repeating: "x", count: 100), client) }
        for _ in 0..<92 { say("x", client) }
        say("\"}\nPI", client)
        say("NG\n", client)
        core.endTurns()
        #expect(takeHeard(client) == "PONG\nOK\nPONG\n")
    }
}
