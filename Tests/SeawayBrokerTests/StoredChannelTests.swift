import NIOCore
import SeawayBroker
import SeawayHub
import SeawayMessage
import SeawayStore
import SeawayWire
import TestSupport
import Testing

/// Durable channels over a store that answers when it is told to: what the wire does not show (D17 to D24, A2, M9).
@Suite struct StoredChannelTests {
    private final class Clock { var now = 1_000_000 }

    private let clock = Clock()
    private let store: ScriptedStore
    private let core: BrokerCore

    init() {
        var configuration = BrokerConfiguration()
        configuration.hub.returnDelay = 300
        configuration.hub.maxMemory = 1 << 20
        configuration.hub.maxHeld = 5
        let clock = self.clock
        self.store = ScriptedStore(durable: ["q", "q.dead"]) { clock.now }
        self.core = BrokerCore(configuration: configuration, clock: { clock.now }, store: self.store)
    }

    private func settle() {
        self.core.endTurns()
        while self.store.run() { self.core.endTurns() }
    }

    private func ask(_ text: String, _ client: MemoryClient) -> String {
        say(text, client)
        self.settle()
        return takeHeard(client)
    }

    private func pass(_ milliseconds: Int) {
        self.clock.now += milliseconds
        self.core.check()
        self.settle()
    }

    private var demands: [String] { self.store.takeLog().filter { $0.hasPrefix("demand") } }

    private func tag(_ heard: String) throws -> String {
        let word = try #require(heard.split(whereSeparator: " \n".contains).first { $0.hasPrefix("ack=") })
        return String(word.dropFirst(4))
    }

    @Test func whatIsAskedOfTheStoreFollowsCreditListenersAndWhatIsHeld() throws {
        let (a, b) = (memoryClient(self.core), memoryClient(self.core))
        #expect(self.ask("LISTEN q Ack=1\n", a) == "OK\n")
        #expect(self.demands == [])
        _ = self.ask("READY 3\n", a)
        #expect(self.demands == ["demand q 3"])
        _ = self.ask("LISTEN q p\nREADY 2\n", b)
        #expect(self.demands == ["demand q 5"])
        // What another channel has taken of it counts, and so does what is withdrawn.
        #expect(self.ask("SEND :2 p\n{}\n", a) == "OK\n")
        #expect(self.demands == ["demand q 4"])
        _ = self.ask("READY 0\n", b)
        #expect(self.demands == ["demand q 3"])
        // No more than one connection may hold, and no more than is asked of a store.
        _ = self.ask("READY 100\n", a)
        #expect(self.demands == ["demand q 5"])
        _ = self.ask("READY 1000\n", b)
        #expect(self.demands == ["demand q 256"])
        _ = self.ask("UNLISTEN q\n", b)
        #expect(self.demands == ["demand q 5"])
        a.connection.receiveClosed()
        self.settle()
        #expect(self.demands == ["demand q 0"])
    }

    @Test func whatComesForNobodyGoesBackAtOnceAndWhatNobodyTakesInTime() throws {
        let a = memoryClient(self.core)
        #expect(self.ask("SEND :7 q\n{\"n\":1}\n", a) == "OK\n")
        let before = self.core.memoryHeld
        self.store.giveOut(1, on: "q")
        #expect(self.store.takeLog() == ["back q 1 0"])
        #expect(self.core.memoryHeld == before)
        _ = self.ask("LISTEN q Ack=1\n", a)
        self.store.giveOut(1, on: "q")
        self.settle()
        #expect(self.store.takeLog() == [])
        // Twice is once.
        self.store.giveOut(1, on: "q")
        self.pass(299)
        #expect(self.store.takeLog() == [])
        self.pass(1)
        #expect(self.store.takeLog() == ["back q 1 0"])
        self.store.giveOut(1, on: "q")
        #expect(self.ask("UNLISTEN q\n", a) == "OK\n")
        #expect(self.store.takeLog() == ["back q 1 0"])
        #expect(self.core.memoryHeld == before)
    }

    @Test func whatAConnectionHeldGoesBackWhenItEnds() throws {
        let (a, b) = (memoryClient(self.core), memoryClient(self.core))
        #expect(self.ask("SEND :7 q\n{\"n\":1}\nSEND :7 q\n{\"n\":2}\n", b) == "OK\nOK\n")
        let before = self.core.memoryHeld
        let heard = self.ask("LISTEN q Ack=1\nREADY 2\n", a)
        #expect(heard.split(separator: "\n").count { $0.hasPrefix("MSG :7 q ack=s") } == 2)
        _ = self.store.takeLog()
        a.connection.receiveClosed()
        self.settle()
        #expect(self.store.takeLog().filter { $0.hasPrefix("back") } == ["back q 1 300", "back q 2 300"])
        #expect(self.core.memoryHeld <= before)
        let c = memoryClient(self.core)
        _ = self.ask("LISTEN q Ack=1\nREADY 1\n", c)
        #expect(takeHeard(c) == "")
        self.pass(300)
        #expect(takeHeard(c).hasSuffix(" times=2\n{\"n\":1}\n"))
        #expect(self.ask("QUIT\n", c) == "OK\n")
        #expect(self.store.takeLog().contains("back q 1 0"))
    }

    @Test func triesMakeADeadLetterOnceAndAgainIfThatFails() throws {
        let a = memoryClient(self.core)
        var heard = self.ask("LISTEN q Ack=1\nREADY 100\nSEND :7 q\n{\"n\":1}\n", a)
        let tag = try self.tag(heard)
        for times in 1..<5 {
            #expect(heard.contains(" times=\(times)\n"))
            heard = self.ask("NAK q \(tag) In=0\n", a)
        }
        #expect(heard.contains(" times=5\n"))
        self.store.mood = .fails
        _ = self.store.takeLog()
        #expect(self.ask("NAK q \(tag) In=0\n", a) == "OK\n")
        #expect(self.store.takeLog().filter { !$0.hasPrefix("demand") } == ["dead q 1 tries 5", "back q 1 300"])
        self.store.mood = .answers
        self.pass(300)
        #expect(takeHeard(a).contains(" times=6\n"))
        _ = self.store.takeLog()
        #expect(self.ask("NAK q \(tag) In=0\n", a) == "OK\n")
        #expect(self.store.takeLog().filter { !$0.hasPrefix("demand") } == ["dead q 1 tries 6"])
        self.pass(1_000)
        #expect(takeHeard(a) == "")
        #expect(self.ask("PEEK q.dead\n", a).contains("\"dead\":\"tries\",\"tries\":6,"))
    }

    @Test func aStoreThatNeverConfirmsCostsNobodyMoreThanItsTime() throws {
        let (a, b) = (memoryClient(self.core), memoryClient(self.core))
        #expect(self.ask("SEND :7 q\n{\"n\":1}\n", b) == "OK\n")
        let before = self.core.memoryHeld
        #expect(self.ask("LISTEN q\n", a) == "OK\n")
        self.store.giveOut(1, on: "q")
        self.store.mood = .holds
        // It is asked to be done, for somebody who does not acknowledge.
        _ = self.ask("READY 1\nPING\n", a)
        #expect(self.store.takeLog() == ["acknowledge q 1"])
        self.pass(1_999)
        #expect(takeHeard(a) == "")
        self.pass(1)
        #expect(self.store.takeLog().contains("back q 1 300"))
        // The credit is there again, and what comes too late is passed over.
        self.store.mood = .answers
        self.settle()
        #expect(takeHeard(a) == "")
        #expect(self.ask("SEND :7 q\n{\"n\":2}\n", b) == "OK\n")
        #expect(takeHeard(a) == "MSG :7 q\n{\"n\":2}\n")
        a.connection.receiveClosed()
        self.settle()
        #expect(self.core.memoryHeld <= before)
    }

    @Test func whatTheStoreDoesNotConfirmIsNotPushed() throws {
        let (a, b) = (memoryClient(self.core), memoryClient(self.core))
        #expect(self.ask("SEND :7 q\n{\"n\":1}\n", b) == "OK\n")
        #expect(self.ask("LISTEN q\n", a) == "OK\n")
        for (mood, back) in [(ScriptedStore.Mood.fails, 300), (.forgets, 300)] {
            self.store.mood = mood
            self.store.giveOut(1, on: "q")
            #expect(self.ask("READY 1\nPING\n", a) == "PONG\n")
            #expect(self.store.takeLog().starts(with: ["acknowledge q 1", "back q 1 \(back)"]))
            _ = self.ask("READY 0\n", a)
            _ = self.store.takeLog()
        }
        self.store.mood = .answers
        self.pass(300)
        #expect(self.ask("READY 1\n", a) == "MSG :7 q\n{\"n\":1}\n")
        let left = self.store.entries.values.reduce(0) { $0 + $1.count }
        #expect(left == 0)
    }

    @Test func whatWasConfirmedForSomebodyWhoHasLeftGoesToAnother() throws {
        let (a, b, c) = (memoryClient(self.core), memoryClient(self.core), memoryClient(self.core))
        #expect(self.ask("SEND :7 q\n{\"n\":1}\nSEND :7 q\n{\"n\":2}\n", b) == "OK\nOK\n")
        #expect(self.ask("LISTEN q\n", a) == "OK\n")
        #expect(self.ask("LISTEN q\n", c) == "OK\n")
        self.store.giveOut(1, on: "q")
        self.store.giveOut(2, on: "q")
        self.store.mood = .holds
        _ = self.ask("READY 2\n", a)
        a.connection.receiveClosed()
        self.store.mood = .answers
        self.settle()
        #expect(takeHeard(c) == "")
        #expect(self.ask("READY 2\n", c) == "MSG :7 q\n{\"n\":1}\nMSG :7 q\n{\"n\":2}\n")
        #expect(!self.store.takeLog().contains { $0.hasPrefix("back") })
    }

    @Test func whatWaitsForAStoreIsBoundedAndEndsWithItsConnection() throws {
        let (a, b) = (memoryClient(self.core), memoryClient(self.core))
        self.store.mood = .holds
        let before = self.core.memoryHeld
        let body = "{\"t\":\"" + String(repeating: "x", count: 50_000) + "\"}"
        for _ in 0..<30 { _ = self.ask("SEND :\(body.utf8.count) q\n\(body)\n", a) }
        #expect(self.core.memoryHeld - before < 1 << 20)
        #expect(self.core.memoryHeld - before > 400_000)
        #expect(self.ask("STATS\n", b).contains("\"pending\":30,"))
        a.connection.receiveClosed()
        self.settle()
        #expect(self.core.memoryHeld <= before)
        #expect(self.ask("STATS\n", b).contains("\"pending\":0,"))
        self.store.mood = .answers
        self.settle()
        #expect(takeHeard(b) == "")
    }

    @Test func aRequestForWhichThereIsNoMemoryIsRefusedInItsOrder() throws {
        let a = memoryClient(self.core)
        self.store.mood = .holds
        let body = "{\"t\":\"" + String(repeating: "x", count: 50_000) + "\"}"
        for _ in 0..<30 { _ = self.ask("SEND :\(body.utf8.count) q\n\(body)\n", a) }
        self.store.mood = .answers
        self.settle()
        let lines = takeHeard(a).split(separator: "\n")
        #expect(lines.count == 30)
        #expect(lines.first == "OK")
        #expect(lines.last?.hasPrefix("ERR full by=memory") == true)
        #expect(lines.drop { $0 == "OK" }.allSatisfy { $0.hasPrefix("ERR full") })
    }

    @Test func aBrokerThatLeavesGivesBackAndStopsItsStore() throws {
        let (a, b) = (memoryClient(self.core), memoryClient(self.core))
        #expect(self.ask("SEND :7 q\n{\"n\":1}\nSEND :7 q\n{\"n\":2}\n", b) == "OK\nOK\n")
        let tag = try self.tag(self.ask("LISTEN q Ack=1\nREADY 1\n", a))
        // One more waits for credit.
        self.store.giveOut(2, on: "q")
        _ = self.store.takeLog()
        var isOver = false
        self.core.whenOver { isOver = true }
        self.core.shutDown(within: 5_000)
        self.settle()
        #expect(self.store.takeLog() == ["back q 2 0"])
        self.pass(500)
        #expect(!self.store.hasStopped)
        #expect(self.ask("ACK q \(tag)\n", a).hasSuffix("OK\n"))
        self.settle()
        #expect(a.transport.isClosed)
        for client in [a, b] { client.connection.receiveClosed() }
        #expect(self.store.hasStopped)
        #expect(!isOver)
        self.settle()
        #expect(isOver)
    }

    @Test func aBrokerThatLeavesDoesNotWaitForEverForItsStore() throws {
        var isOver = false
        self.core.whenOver { isOver = true }
        self.store.mood = .holds
        self.core.shutDown(within: 1_000)
        self.core.endTurns()
        #expect(self.store.hasStopped)
        self.pass(1_000)
        #expect(!isOver)
        self.pass(1_000)
        #expect(isOver)
    }

    @Test func whatIsMetIsCounted() throws {
        let (a, b) = (memoryClient(self.core), memoryClient(self.core))
        self.store.mood = .holds
        #expect(self.ask("SEND :2 q\n{}\nPEEK q\n", a) == "")
        self.pass(2_000)
        #expect(takeHeard(a).split(separator: "\n").map { $0.prefix(9) } == ["ERR maybe", "ERR store"])
        _ = self.ask(String(repeating: "SEND :2 q\n{}\n", count: 1_001), a)
        self.core.endTurns()
        #expect(!a.transport.isReading)
        let totals = self.ask("STATS\n", b)
        #expect(totals.contains("\"max-pending\":1"))
        #expect(totals.contains("\"store-patience\":2"))
        #expect(totals.contains("\"maybe\":1"))
        // However few they are, when their answers may be long.
        let c = memoryClient(self.core)
        _ = self.ask(String(repeating: "PEEK q\n", count: 5), c)
        #expect(!c.transport.isReading)
        #expect(self.ask("STATS\n", b).contains("\"max-pending\":2"))
        self.store.mood = .answers
        self.settle()
        #expect(c.transport.isReading)
        #expect(takeHeard(c).split(separator: "\n").count == 10)
        #expect(a.transport.isReading)
        #expect(takeHeard(a).split(separator: "\n").count == 1_001)
    }

    @Test func howTheStoreIsStandsInTheTotals() throws {
        let a = memoryClient(self.core)
        #expect(self.ask("STATS\n", a).contains("\"store\":{\"state\":\"away\",\"where\":\"not connected yet\","))
        self.core.storeChanged(.connected(to: "n1"))
        #expect(
            self.ask("SEND :7 q\n{\"n\":1}\nSTATS\n", a).contains(
                "\"state\":\"connected\",\"where\":\"n1\",\"stored\":"))
        self.core.storeChanged(.away("nobody answers"))
        #expect(self.ask("STATS\n", a).contains("\"state\":\"away\",\"where\":\"nobody answers\",\"stored\":1,"))
    }

    @Test func bothReadersOfSendAskForTheSameRight() throws {
        // PlainSend and FrameParser: a plain frame, one with an option, one by hand.
        let salt = "000102030405060708090a0b0c0d0e0f"
        let hash = "bf886784b64d56b8a81dc9de639e9d0ff009a95f473563e72f3c748817e8365f"
        var configuration = BrokerConfiguration()
        configuration.tokens = try Tokens(parsing: "w sha256:\(salt):\(hash) send=a,q")
        let clock = self.clock
        let store = ScriptedStore(durable: ["q", "q2"]) { clock.now }
        let core = BrokerCore(configuration: configuration, clock: { clock.now }, store: store)
        let client = memoryClient(core)
        func ask(_ text: String) -> String {
            say(text, client)
            core.endTurns()
            while store.run() { core.endTurns() }
            return takeHeard(client)
        }
        #expect(ask("HELLO 1 token=w.x\n").hasPrefix("HELLO 1 "))
        for (name, isAllowed) in [("a", true), ("b", false), ("q", true), ("q2", false)] {
            let frames = ["SEND :2 \(name)\n{}\n", "SEND :2 \(name) Expiry=1000\n{}\n", "SEND :- \(name) {}\n"]
            for frame in frames {
                #expect(ask(frame).hasPrefix(isAllowed ? "OK\n" : "ERR denied "), "\(frame)")
            }
        }
        #expect(store.entries.keys.map(\.description) == ["q"])
    }
}
