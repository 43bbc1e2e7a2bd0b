import BrokerSupport
import NIOCore
import SeawayBroker
import TestSupport
import Testing

/// How connections end on real sockets: nobody loses an answer that was given (A1, F11, F13, K2, M4, X2).
@Suite(.timeLimit(.minutes(1))) struct EndOfStreamTests {
    private static let places = RunningBroker.Place.allCases

    /// What a peer sends with its end in one go, as `printf … | nc -N` does, and what it must see.
    static let conversations: [(sent: String, seen: [String])] = [
        ("PING\n", ["PONG"]),
        ("SEND :- chat {\"n\":1}\nFLY high\nSEND :- chat {\"n\":2}\n", ["OK", "ERR unknown", "OK"]),
        ("GET / HTTP/1.1\r\n\r\n", ["ERR unknown", "BYE line"]),
        ("GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n", ["ERR unknown", "BYE line"]),
        ("PING\nSEND :x chat\n", ["PONG", "BYE line"]),
        ("PING\nQUIT\n", ["PONG", "OK"]),
        ("LISTEN chat\nREADY 9\nSEND :- chat {\"n\":1}\n", ["OK", "MSG :7 chat", "{\"n\":1}", "OK"]),
        ("PING\nSEND :100 chat\n{\"n\"", ["PONG"]),
    ]

    @Test(arguments: Self.places, Self.conversations)
    func aClientThatEndsItsSideSeesEveryAnswer(
        place: RunningBroker.Place, conversation: (sent: String, seen: [String])
    ) async throws {
        try await RunningBroker.run(at: place.free) { broker in
            let client = try await broker.connect()
            try await broker.whileHeld {
                try await client.send(conversation.sent)
                try await client.finish()
            }
            let seen = String(decoding: try await client.rest(), as: UTF8.self).split(separator: "\n")
            #expect(seen.count == conversation.seen.count, "\(seen)")
            for (line, beginning) in zip(seen, conversation.seen) { #expect(line.hasPrefix(beginning)) }
            while try await broker.broker.connections() > 0 { try await broker.settle() }
        }
    }

    @Test(
        arguments: Self.places,
        ["PEEK big\n", "PEEK big\nQUIT\n", "PEEK big\nPEEK big\nPEEK big\nPING\n", "PEEK big\nnonsense \n"])
    func anAnswerThatDoesNotFitTheSocketIsNotCutOff(place: RunningBroker.Place, requests: String) async throws {
        // By real time a busy machine could keep the client from reading until the broker lingers no longer.
        try await RunningBroker.run(at: place.free, hasManualTime: true) { broker in
            let answer = try await self.fill("big", broker)
            let client = try await broker.connect(receiveBuffer: 4_096)
            try await client.setReading(false)
            try await broker.whileHeld {
                try await client.send(requests)
                try await client.finish()
            }
            try await broker.settle()
            try await client.setReading(true)
            let seen = try await client.rest()
            let peeks = requests.split(separator: "\n").count { $0.hasPrefix("PEEK") }
            // The ages of the messages may have another number of digits in each.
            #expect(seen.count >= peeks * (answer - 200))
            let last = String(decoding: seen.suffix(60), as: UTF8.self).split(separator: "\n").last ?? ""
            if requests.contains("QUIT") { #expect(last == "OK") }
            if requests.contains("PING") { #expect(last == "PONG") }
            if requests.contains("nonsense") { #expect(last.hasPrefix("BYE line")) }
        }
    }

    /// Stores what makes a long answer to `PEEK`; returns about how long.
    private func fill(_ channel: String, _ broker: RunningBroker) async throws -> Int {
        let sender = try await broker.connect()
        let body = "{\"text\":\"\(String(repeating: "x", count: 60_000))\"}"
        for _ in 0..<16 {
            try await sender.send("SEND :- \(channel) \(body)\n")
            #expect(try await sender.line() == "OK")
        }
        await sender.close()
        return 16 * (body.utf8.count + 40)
    }

    @Test func whoReadsNothingIsSentAwayAndCanReadWhy() async throws {
        var configuration = BrokerConfiguration()
        configuration.unreadTimeout = 5_000
        try await RunningBroker.run(configuration, at: RunningBroker.Place.unix.free, hasManualTime: true) { broker in
            _ = try await self.fill("big", broker)
            let client = try await broker.connect()
            try await client.setReading(false)
            try await client.send("LISTEN other\nPEEK big\nPEEK big\nPEEK big\n")
            try await broker.settle()
            let witness = try await broker.connect()
            try await broker.advance(by: 4_999)
            try await witness.send("SEND :- other Here=1 {}\n")
            #expect(try await witness.line() == "OK")
            try await broker.advance(by: 1)
            try await witness.send("SEND :- other Here=1 {}\nSTATS\n")
            #expect(try await witness.line().hasPrefix("ERR away"))
            _ = try await witness.line()
            #expect(try await witness.line().contains("\"ended\":{\"slow\":1}"))
            try await client.setReading(true)
            let seen = try await client.rest()
            #expect(String(decoding: seen.suffix(9), as: UTF8.self) == "BYE slow\n")
        }
    }

    @Test func aBrokerThatLeavesWaitsForWhatIsUnread() async throws {
        var configuration = BrokerConfiguration()
        configuration.unreadTimeout = 100_000
        try await RunningBroker.run(configuration, at: RunningBroker.Place.unix.free, hasManualTime: true) { broker in
            let expected = try await self.fill("big", broker)
            let worker = try await broker.connect()
            try await worker.setReading(false)
            try await worker.send("LISTEN big\nREADY 100\n")
            try await broker.settle()
            let left = Inbox<String>()
            async let leaving: Void = {
                try await broker.broker.shutDown(within: 60_000)
                left.put("the broker")
            }()
            try await broker.settle()
            try await broker.advance(by: 59_000)
            left.put("the time")
            try await worker.setReading(true)
            async let reading = worker.rest()
            // What a broker does a few times a second: the last bytes leave without an event.
            while !worker.hasEnded { try await broker.check() }
            let seen = try await reading
            await worker.close()
            #expect(await left.next() == "the time")
            #expect(await left.next() == "the broker")
            try await leaving
            #expect(seen.count > expected - 16 * 40)
            #expect(String(decoding: seen.suffix(40), as: UTF8.self).contains("x\"}\n"))
        }
    }

    @Test func aBrokerDoesNotWaitBeyondItsTime() async throws {
        try await RunningBroker.run(at: RunningBroker.Place.unix.free, hasManualTime: true) { broker in
            _ = try await self.fill("big", broker)
            let client = try await broker.connect()
            async let leaving: Void = broker.broker.shutDown(within: 1_000)
            #expect(try await client.line() == "BYE shutdown in=1000")
            try await broker.advance(by: 1_000)
            #expect(try await client.rest().isEmpty)
            try await leaving
        }
    }
}

/// A transport that takes so much at a time as it is told.
private final class SlowTransport: Transport {
    private(set) var unsent = 0
    private(set) var isClosed = false
    private(set) var hasEndedOutput = false
    let host = "slow"

    func write(_ parts: [ByteBuffer], _ last: ByteBuffer) {
        self.unsent += (parts + [last]).reduce(0) { $0 + $1.readableBytes }
    }
    func take(_ count: Int) { self.unsent -= count }
    var takesMore: Bool { self.unsent == 0 }
    func endOutput() { self.hasEndedOutput = true }
    func close() { self.isClosed = true }
    func setReading(_ isReading: Bool) {}
}

@Suite struct LingerTests {
    private final class Clock {
        var now = 0
    }

    @Test func whoTakesItsLastAnswersSlowlyGetsThemAll() {
        let clock = Clock()
        let core = BrokerCore(configuration: BrokerConfiguration(), clock: { clock.now })
        let transport = SlowTransport()
        let connection = core.connect(transport)
        var bytes = ByteBuffer(string: "PING\nQUIT\n")
        connection.receive(&bytes)
        core.endTurn()
        #expect(transport.unsent == "PONG\nOK\n".utf8.count)
        for _ in 0..<7 {
            clock.now += 1_900
            transport.take(1)
            core.check()
            #expect(!transport.isClosed)
        }
        clock.now += 1_999
        core.check()
        #expect(!transport.isClosed)
        clock.now += 1
        core.check()
        #expect(transport.isClosed)
    }
}
