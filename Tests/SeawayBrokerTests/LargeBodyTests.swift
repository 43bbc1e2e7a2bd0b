import SeawayBroker
import TestSupport
import Testing

/// Large bodies that many get are in memory once.
@Suite struct LargeBodyTests {
    private let core = BrokerCore(configuration: BrokerConfiguration(), clock: { 0 })

    private func client() -> MemoryClient { memoryClient(self.core) }

    private func sayAndEnd(_ text: String, _ client: MemoryClient) {
        say(text, client)
        self.core.endTurns()
    }

    @Test func allMembersGetOneBufferInItsOrderAmongTheirFrames() {
        let (sender, readers) = (self.client(), (0..<3).map { _ in self.client() })
        for (number, reader) in readers.enumerated() {
            self.sayAndEnd("LISTEN r\(number)! q\(number)\nREADY 9\nJOIN g r\(number)!1 r\(number)!2\n", reader)
            _ = takeHeard(reader)
            reader.transport.isStalled = true
        }
        let body = #"{"a":""# + String(repeating: "x", count: 100_000) + #""}"#
        let frame = "GSEND :\(body.utf8.count) g\n\(body)\n"
        self.sayAndEnd("SEND :2 q0\n{}\n" + frame + "SEND :2 q0\n{}\n" + frame + "GSEND :2 g\n{}\n", sender)
        let message = "MSG :\(body.utf8.count) r0!1 r0!2 group=g\n\(body)\n"
        for reader in readers {
            reader.transport.isStalled = false
            reader.connection.outputWasTaken()
        }
        self.core.endTurns()
        let said = takeHeard(readers[0])
        #expect(said == "MSG :2 q0\n{}\n" + message + "MSG :2 q0\n{}\n" + message + "MSG :2 r0!1 r0!2 group=g\n{}\n")
        #expect(
            takeHeard(readers[1])
                == (message + message + "MSG :2 r1!1 r1!2 group=g\n{}\n").replacing("r0!", with: "r1!"))
        // The line and the body, twice.
        let places = readers.map(\.transport.places)
        #expect(places.map(\.count) == [4, 4, 4])
        for place in [1, 3] { #expect(Set(places.map { $0[place] }).count == 1) }
    }

    /// What is copied into the system's buffers takes its time, and for very many readers a long time.
    @Test func whatIsLongIsHandedOverInPiecesAndForManyInManyTurns() {
        let (sender, readers, innocent) = (self.client(), (0..<100).map { _ in self.client() }, self.client())
        for (number, reader) in readers.enumerated() {
            self.sayAndEnd("LISTEN r\(number)\nREADY 9\nJOIN g r\(number)\n", reader)
            _ = takeHeard(reader)
        }
        let body = #"{"a":""# + String(repeating: "x", count: 1_000_000) + #""}"#
        say("GSEND :\(body.utf8.count) g\n\(body)\nPING\n", sender)
        self.core.endTurn()
        var turns = 0
        while self.core.isBehind {
            turns += 1
            let before = self.core.workDone
            self.core.goOn()
            #expect(self.core.workDone - before <= 2 * Turns.longest)
            say("PING\n", innocent)
            self.core.endTurn()
            #expect(takeHeard(innocent) == "PONG\n")
        }
        #expect(turns >= 5)
        #expect(takeHeard(sender) == "OK sent=100 full=0 gone=0\nPONG\n")
        for (number, reader) in readers.enumerated() {
            #expect(reader.transport.longestWrite <= 262_144)
            #expect(takeHeard(reader) == "MSG :\(body.utf8.count) r\(number) group=g\n\(body)\n")
            #expect(reader.transport.isReading)
        }
        // Memberships of channels that are nobody's own stay.
        self.sayAndEnd("FLUSH\n", sender)
        for client in readers + [sender, innocent] { client.connection.receiveClosed() }
        #expect(self.core.memoryHeld == 0)
    }

    @Test func aSmallBodyOrOneForASingleReaderIsCopied() {
        let (sender, reader) = (self.client(), self.client())
        self.sayAndEnd("LISTEN r!\nREADY 9\nJOIN g r!1\n", reader)
        let body = #"{"a":""# + String(repeating: "x", count: 100_000) + #""}"#
        self.sayAndEnd("GSEND :\(body.utf8.count) g\n\(body)\n", sender)
        #expect(takeHeard(reader).hasSuffix("MSG :\(body.utf8.count) r!1 group=g\n\(body)\n"))
        #expect(reader.transport.places.isEmpty)
    }

    // MARK: Off the loop

    /// Jobs that are done when the test says so.
    private final class Bench {
        private var jobs: [() -> Void] = []
        var count: Int { self.jobs.count }

        init(_ core: BrokerCore) {
            core.workshop.runElsewhere = { [unowned self] job, done in self.jobs.append { done(job.run()) } }
        }

        func finish() { self.jobs.removeFirst()() }
    }

    private let long = #"{"a":""# + String(repeating: "x", count: 100_000) + #""}"#

    @Test func aLongBodyIsCheckedElsewhereAndItsSenderAloneWaits() {
        let bench = Bench(self.core)
        let (sender, other) = (self.client(), self.client())
        let body = self.long
        let send = "SEND :\(body.utf8.count) q\n\(body)\n"
        self.sayAndEnd(send + "SEND :2 q\n{}\nSEND :\(body.utf8.count - 1) q\n\(body.dropLast())\nPING\n", sender)
        #expect(takeHeard(sender).isEmpty)
        #expect(!sender.transport.isReading)
        self.sayAndEnd("PING\n" + send, other)
        #expect(takeHeard(other) == "PONG\n")
        // One at a time.
        #expect(bench.count == 1)
        bench.finish()
        self.core.endTurns()
        #expect(takeHeard(sender) == "OK\nOK\n")
        bench.finish()
        self.core.endTurns()
        #expect(takeHeard(other) == "OK\n")
        bench.finish()
        self.core.endTurns()
        let heard = takeHeard(sender)
        #expect(heard.hasPrefix("ERR payload ") && heard.hasSuffix("\nPONG\n"))
        #expect(sender.transport.isReading)
        #expect(bench.count == 0)
    }

    @Test func whoReadsTheOtherFormatIsPushedNothingBeforeALongBodyIsTranslated() {
        let bench = Bench(self.core)
        let (sender, reader, same) = (self.client(), self.client(), self.client())
        self.sayAndEnd("HELLO 1 format=msgpack\nLISTEN q g.1\nREADY 9\nJOIN g g.1 g.2\n", reader)
        self.sayAndEnd("LISTEN g.2\nREADY 9\n", same)
        _ = takeHeard(reader)
        _ = takeHeard(same)
        let body = self.long
        let size = body.utf8.count
        self.sayAndEnd("GSEND :\(size) g\n\(body)\nSEND :2 q\n{}\n", sender)
        bench.finish()
        self.core.endTurns()
        #expect(takeHeard(sender) == "OK sent=2 full=0 gone=0\nOK\n")
        #expect(takeHeard(same) == "MSG :\(size) g.2 group=g\n\(body)\n")
        self.sayAndEnd("PING\n", reader)
        #expect(takeHeard(reader).isEmpty)
        bench.finish()
        self.core.endTurns()
        let heard = reader.transport.takeReceived()
        #expect(heard.starts(with: Array("MSG :100008 g.1 group=g\n".utf8)))
        let rest = Array("\nMSG :1 q\n".utf8) + [0x80] + Array("\nPONG\n".utf8)
        #expect(Array(heard.suffix(rest.count)) == rest)
        #expect(reader.transport.isReading)
        #expect(bench.count == 0)
    }

    @Test func whatASenderGetsItselfStandsBeforeItsAnswer() {
        let bench = Bench(self.core)
        let client = self.client()
        self.sayAndEnd("HELLO 1 format=msgpack\nLISTEN q\nREADY 9\nSEND :- q \(self.long)\n", client)
        _ = takeHeard(client)
        bench.finish()
        self.core.endTurns()
        let heard = client.transport.takeReceived()
        #expect(heard.starts(with: Array("MSG :100008 q\n".utf8)))
        #expect(Array(heard.suffix(4)) == Array("\nOK\n".utf8))
        #expect(bench.count == 0)
    }

    @Test func whoLeavesMeanwhileLeavesNothing() {
        let bench = Bench(self.core)
        let (sender, reader) = (self.client(), self.client())
        self.sayAndEnd("HELLO 1 format=msgpack\nLISTEN q\nREADY 9\n", reader)
        let send = "SEND :\(self.long.utf8.count) q\n\(self.long)\n"
        self.sayAndEnd(send, sender)
        bench.finish()
        self.core.endTurns()
        reader.connection.receiveClosed()
        self.sayAndEnd(send, sender)
        sender.connection.receiveClosed()
        while bench.count > 0 { bench.finish() }
        self.core.endTurns()
        #expect(self.core.memoryHeld == 0)
    }
}
