import BrokerSupport
import SeawayBroker
import SeawayHub
import SeawayMessage
import SeawayWire
import Testing

/// Each bound of the broker has a default, a named answer when it is met, and a counter.
@Suite(.timeLimit(.minutes(5))) struct BoundTests {
    /// What a peer does, and what it is told when it has met a bound.
    struct Situation: CustomTestStringConvertible, Sendable {
        /// As the option is called.
        let bound: String
        let configure: @Sendable (inout BrokerConfiguration) -> Void
        /// Written in one go.
        let frames: String
        /// How each line of the answer begins.
        let answers: [String]
        /// Milliseconds that pass when all but the last is answered.
        let wait: Int

        init(
            _ bound: String, _ frames: String, _ answers: [String], wait: Int = 0,
            _ configure: @escaping @Sendable (inout BrokerConfiguration) -> Void
        ) {
            self.bound = bound
            self.configure = configure
            self.frames = frames
            self.answers = answers
            self.wait = wait
        }

        var testDescription: String { self.bound }
    }

    /// `operator.1` may do everything.
    static let operatorAlone = try? Tokens(
        parsing: """
            operator sha256:0001020304050607:b4552d3cb00026b05b163c6be778f3bb2ef6e91d092c3dafbf82aa78ac50183b listen=* admin=*
            """)

    private static func names(_ count: Int, from first: Int = 0) -> String {
        (first..<first + count).map { "n\($0)" }.joined(separator: " ")
    }

    static let situations = [
        Situation("capacity", "SEND :- a {}\nSEND :- a {}\n", ["OK", "ERR full by=messages"]) {
            $0.hub.defaultCapacity.messages = 1
        },
        Situation("max-body", "PING\nSEND :- a {\"n\":12345}\n", ["PONG", "ERR size max-body=10"]) {
            $0.limits = WireLimits(maxBody: 10)
        },
        Situation(
            "max-memory", "PING\nSEND :- a {\"x\":\"\(String(repeating: "x", count: 3_000))\"}\n",
            ["PONG", "ERR full by=memory"]
        ) { $0.hub.maxMemory = 3_000 },
        Situation("max-names", "LISTEN a b\n", ["ERR limit of=names"]) { $0.hub.maxNames = 1 },
        Situation("max-members", "JOIN g a b\n", ["ERR limit of=members"]) { $0.hub.maxMembers = 1 },
        Situation("max-groups", "JOIN g a\nJOIN h a\n", ["OK", "ERR limit of=groups"]) { $0.hub.maxGroups = 1 },
        Situation("max-watches", "WATCH g a\nWATCH g b\n", ["OK", "ERR limit of=watches"]) { $0.hub.maxWatches = 1 },
        Situation("max-tails", "TAIL a.*\nTAIL b.*\n", ["OK", "ERR limit of=tails"]) { $0.hub.maxTails = 1 },
        Situation("max-channels", "LISTEN a b\n", ["ERR limit of=channels"]) { $0.hub.maxChannels = 2 },
        Situation("max-held", "LISTEN a Ack=1\nREADY 9\nSEND :- a {}\nPING\n", ["OK", "MSG :2 a", "{}", "OK", "PONG"]) {
            $0.hub.maxHeld = 1
        },
        Situation("max-delayed", "SEND :- a In=9 {}\nSEND :- a In=9 {}\n", ["OK", "ERR limit of=delayed"]) {
            $0.hub.maxDelayed = 1
        },
        Situation("max-keys", "SEND :- a Once=k {}\nSEND :- a Once=l {}\n", ["OK", "ERR limit of=keys"]) {
            $0.hub.maxKeys = 1
        },
        Situation(
            "hold", "LISTEN a Ack=1\nREADY 2\nSEND :- a {}\nPING\n",
            ["OK", "MSG :2 a", "{}", "OK", "PONG", "MSG :2 a"], wait: 1_000
        ) { $0.hub.hold = 1_000 },
        Situation("max-connections", "", ["BYE limit"]) { $0.maxConnections = 1 },
        Situation(
            "connection-share", "JOIN g \(Self.names(150))\nJOIN g \(Self.names(70, from: 150))\n",
            ["OK", "ERR limit of=channels share=connection"]
        ) {
            $0.hub.maxChannels = 256
        },
        Situation("address-share", "JOIN g \(Self.names(150))\n", ["ERR limit of=channels share=address"]) {
            $0.hub.maxChannels = 256
            $0.hub.shares.address.percent = 25
        },
        Situation("token-share", "JOIN g \(Self.names(150))\n", ["ERR limit of=channels share=token"]) {
            $0.hub.maxChannels = 256
            $0.hub.shares.token.percent = 25
        },
        Situation("frame-timeout", "PING\nSEND :5 a", ["PONG", "BYE idle"], wait: 30_000) { _ in },
        Situation("idle-timeout", "PING\n", ["PONG", "BYE idle"], wait: 1_000) { $0.idleTimeout = 1_000 },
        Situation("login-delay", "HELLO 1 token=operator.2\n", ["ERR auth"], wait: 100) {
            $0.tokens = operatorAlone
            $0.loginDelay = 100
        },
        Situation("max-closed", "LISTEN w!\nCLOSE w!1\nCLOSE w!2\nPING\n", ["OK", "OK", "OK", "PONG"]) {
            $0.hub.maxClosed = 1
        },
        Situation("expiry", "SEND :- a {}\nPING\n", ["OK", "PONG"], wait: 60_000) { _ in },
    ]

    @Test(arguments: situations)
    func whoMeetsABoundIsToldAndItIsCounted(situation: Situation) async throws {
        try await Self.run(situation.configure) { broker, looker in
            let peer = try await broker.connect()
            if !situation.frames.isEmpty { try await peer.send(situation.frames) }
            var answers = try await peer.lines(situation.answers.count - 1)
            if situation.wait > 0 {
                try await broker.settle()
                try await broker.advance(by: situation.wait, inSteps: 100)
            }
            answers.append(try await peer.line())
            for (answer, beginning) in zip(answers, situation.answers) {
                #expect(answer == beginning || answer.hasPrefix(beginning + " "))
            }
            #expect(try await looker.bounds() == [situation.bound: 1])
            await peer.close()
        }
    }

    /// First it gets no more, then it is told why it ends, then it is closed though it has not read that.
    @Test func whoDoesNotReadMeetsThreeBounds() async throws {
        try await Self.run { _ in
        } _: { broker, looker in
            let peer = try await broker.connect(receiveBuffer: 4_096)
            try await peer.send("LISTEN a\nREADY 100\nPING\n")
            #expect(try await peer.lines(2) == ["OK", "PONG"])
            try await peer.setReading(false)
            let body = "{\"x\":\"\(String(repeating: "x", count: 1_000_000))\"}"
            for _ in 0..<16 { #expect(try await looker.ask("SEND :\(body.utf8.count) a\n\(body)\n") != nil) }
            // The system takes it piece by piece, as far as it has room.
            while try await looker.bounds()["max-unread"] == nil {}
            #expect(try await looker.bounds()["max-unread"] == 1)
            try await broker.advance(by: 30_100, inSteps: 100)
            #expect(try await looker.bounds()["unread-timeout"] == 1)
            try await broker.advance(by: 2_100, inSteps: 100)
            #expect(try await looker.bounds()["linger-timeout"] == 1)
            await peer.close()
        }
    }

    @Test func oneTooManyToBeToldIsClosedAndCounted() async throws {
        try await Self.run { configuration in
            configuration.maxConnections = 1
            configuration.maxLingering = 0
        } _: { broker, looker in
            let peer = try await RawSocket.connect(to: broker.address)
            #expect(try await peer.rest() == [])
            #expect(try await looker.bounds() == ["max-lingering": 1])
        }
    }

    @Test func aStrangerGivesItsPlaceToTheNext() async throws {
        try await Self.run { configuration in
            configuration.maxConnections = 3
            configuration.maxStrangers = 1
        } _: { broker, looker in
            let silent = try await broker.connect()
            try await broker.settle()
            let next = try await broker.connect()
            #expect(try await silent.line().hasPrefix("BYE limit "))
            try await next.send("PING\n")
            #expect(try await next.line() == "PONG")
            let third = try await broker.connect()
            try await third.send("PING\n")
            #expect(try await third.line() == "PONG")
            #expect(try await looker.bounds() == ["max-strangers": 1])
            for peer in [silent, next, third] { await peer.close() }
        }
    }

    @Test func membershipsWhoseReaderStaysAwayAreCounted() async throws {
        try await Self.run { _ in
        } _: { broker, looker in
            let peer = try await broker.connect()
            try await peer.send("LISTEN w!\nJOIN g w!1 w!2\nJOIN h w!1\n")
            #expect(try await peer.lines(3) == ["OK state=fresh", "OK", "OK"])
            await peer.close()
            try await broker.settle()
            try await broker.advance(by: 60_000, inSteps: 100)
            #expect(try await looker.bounds() == ["mailbox-grace": 3])
        }
    }

    @Test func whatIsGivenOutAsOftenAsMayBeIsCounted() async throws {
        try await Self.run {
            $0.hub.defaultTries = 1
        } _: { broker, looker in
            let peer = try await broker.connect()
            try await peer.send("LISTEN a Ack=1\nREADY 1\nSEND :- a {}\n")
            let lines = try await peer.lines(4)
            let tag = try #require(lines[1].split(separator: " ").first { $0.hasPrefix("ack=") }).dropFirst(4)
            try await peer.send("NAK a \(tag)\n")
            #expect(try await peer.line() == "OK")
            #expect(try await looker.bounds() == ["tries": 1])
            await peer.close()
        }
    }

    @Test func noLimitIsWithoutATest() async throws {
        let elsewhere = [
            "max-unread", "unread-timeout", "linger-timeout", "max-lingering", "mailbox-grace", "max-strangers",
            "max-pending", "store-patience",
        ]
        let byPattern = ["capacity", "expiry"]
        // Times that bound nothing.
        let times = ["once-window", "return"]
        try await Self.run { _ in
        } _: { _, looker in
            let limits = try await looker.statistics()["limits"]?.map?.keys.sorted()
            let known = Self.situations.map(\.bound) + elsewhere + times
            #expect(limits == known.filter { !byPattern.contains($0) }.sorted())
        }
    }

    /// - Parameter body: is given a client that is there before all others, and that no bound concerns.
    private static func run(
        _ configure: (inout BrokerConfiguration) -> Void,
        _ body: (RunningBroker, Looker) async throws -> Void
    ) async throws {
        var configuration = BrokerConfiguration()
        configure(&configuration)
        try await RunningBroker.run(configuration, hasManualTime: true) { broker in
            let socket = try await broker.connect()
            if configuration.tokens != nil {
                try await socket.send("HELLO 1 token=operator.1\n")
                _ = try await socket.line()
            }
            // Who listens may be silent for as long as it likes.
            try await socket.send("LISTEN operator\n")
            #expect(try await socket.line() == "OK")
            try await body(broker, Looker(socket: socket))
            await socket.close()
        }
    }
}

/// Who looks at the broker.
private struct Looker {
    let socket: RawSocket

    /// The line of the answer.
    func ask(_ frame: String) async throws -> String? {
        try await self.socket.send(frame)
        return try await self.socket.line()
    }

    func statistics() async throws -> Message {
        _ = try await self.ask("STATS\n")
        return try Message(json: try await self.socket.line())
    }

    func bounds() async throws -> Message { try await self.statistics()["bounds"]?.map ?? [:] }
}
