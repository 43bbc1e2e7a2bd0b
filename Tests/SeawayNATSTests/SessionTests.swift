import SeawayNATS
import Testing

@Suite struct SessionTests {
    // MARK: Connecting

    @Test func aConnectionIsThereWhenPingIsAnswered() throws {
        var house = try SessionHouse { $0.credentials = .password(user: "u", password: "p") }
        #expect(house.takeSteps() == [.connect(NATSAddress(host: "a"))])
        house.open()
        #expect(house.takeSaid() == "")
        house.hear(SessionHouse.info)
        let said = house.takeSaid()
        #expect(said.hasPrefix("CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,"))
        #expect(said.contains("\"user\":\"u\",\"pass\":\"p\"") && said.contains("\"no_responders\":true"))
        #expect(said.hasSuffix("}\r\nPING\r\n"))
        #expect(house.takeEvents().isEmpty)
        house.hear("PONG\r\n")
        #expect(house.takeSaid() == "SUB _INBOX.T.* 1\r\n")
        let info = try #require(house.session.server)
        #expect(house.takeEvents() == [.connected(info)])
        #expect((info.name, info.maxPayload) == ("n", 100))
        house.hear("PING\r\n")
        #expect(house.takeSaid() == "PONG\r\n")
    }

    @Test func tlsBeginsBehindInfoAndWhatCameWithItIsDropped() throws {
        var house = try SessionHouse("tls://db.example:4222")
        house.open()
        _ = house.takeSteps()
        let info = SessionHouse.info.replacing("\"headers\"", with: "\"tls_required\":true,\"headers\"")
        // Whoever stands between has put words behind INFO.
        house.hear("\(info)-ERR 'Authorization Violation'\r\n")
        #expect(house.takeSteps() == [.secure(host: "db.example")])
        house.hear("PONG\r\n-ERR 'Authorization Violation'\r\n")
        #expect(house.takeEvents().isEmpty && house.takeSaid() == "")
        house.secure()
        #expect(house.takeSaid().contains("\"tls_required\":true"))
        house.hear("PONG\r\n")
        #expect(house.session.server != nil)
    }

    @Test func nothingIsSaidToAServerWithoutTLSThatIsToHaveIt() throws {
        var house = try SessionHouse("tls://a")
        _ = house.takeSteps()
        house.open()
        house.hear(SessionHouse.info)
        #expect(house.takeSteps() == [.close])
        #expect(house.takeSaid() == "")
        #expect(house.takeEvents() == [.away("tls://a:4222: it has no TLS")])
    }

    @Test func tlsMayComeFirst() throws {
        var house = try SessionHouse { $0.beginsWithTLS = true }
        _ = house.takeSteps()
        house.open()
        #expect(house.takeSteps() == [.secure(host: "a")])
        house.secure()
        house.hear(SessionHouse.info.replacing("\"headers\"", with: "\"tls_required\":true,\"headers\""))
        #expect(house.takeSteps().isEmpty && house.takeSaid().hasPrefix("CONNECT "))
    }

    @Test func aServerThatIsOnlyANumberHasTheCertificateOfTheOneThatToldOfIt() throws {
        var house = try SessionHouse("tls://db.example")
        house.open()
        let info = SessionHouse.info.replacing(
            "\"headers\"",
            with: "\"tls_required\":true,\"connect_urls\":[\"10.0.0.2:4222\",\"c.example:5000\",\"?\"],\"headers\"")
        house.hear(info)
        #expect(
            house.session.servers == [
                NATSAddress(host: "db.example", needsTLS: true),
                NATSAddress(host: "10.0.0.2", needsTLS: true, certificateHost: "db.example"),
                NATSAddress(host: "c.example", port: 5_000, needsTLS: true),
                NATSAddress(host: "?", needsTLS: true),
            ])
    }

    @Test func onlySoManyServersAreLearned() throws {
        var house = try SessionHouse { $0.maxServers = 3 }
        house.open()
        let servers = (0..<100).map { "\"s\($0):1\"" }.joined(separator: ",")
        house.hear(SessionHouse.info.replacing("\"headers\"", with: "\"connect_urls\":[\(servers)],\"headers\""))
        #expect(house.session.servers.count == 3)
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n", "INFO nonsense\r\n", "INFO {\"headers\":false}\r\n",
        "-ERR 'maximum connections exceeded'\r\n",
    ])
    func whatIsNoServerForUsIsLeft(words: String) throws {
        var house = try SessionHouse()
        _ = house.takeSteps()
        house.open()
        house.hear(words)
        #expect(house.takeSteps() == [.close])
        #expect(house.takeEvents().count == 1 && house.session.server == nil)
    }

    @Test func aServerThatSaysNothingIsGivenUp() throws {
        for step in 0..<3 {
            var house = try SessionHouse()
            if step > 0 { house.open() }
            if step > 1 { house.hear(SessionHouse.info) }
            _ = house.takeSteps()
            house.wait(1_950)
            #expect(house.takeSteps().isEmpty, "step \(step)")
            house.wait(50)
            #expect(house.takeSteps() == [.close], "step \(step)")
        }
    }

    // MARK: Errors

    @Test(arguments: ["Authorization Violation", "User Authentication Expired", "User Authentication Revoked"])
    func aServerThatDoesNotLetThisClientInIsNotAskedAgain(words: String) throws {
        var house = try SessionHouse("a,b")
        house.open()
        house.hear(SessionHouse.info)
        _ = house.takeSteps()
        house.hear("-ERR '\(words)'\r\n")
        #expect(house.takeEvents() == [.over(.denied(words))])
        #expect(house.takeSteps() == [.close])
        house.wait(60_000)
        #expect(house.takeSteps().isEmpty)
    }

    @Test func whatIsNotAllowedEndsNothing() throws {
        var house = try SessionHouse()
        house.connect()
        house.hear("-ERR 'Permissions Violation for Publish to \"jobs\"'\r\n")
        #expect(house.takeEvents() == [.complaint("Permissions Violation for Publish to \"jobs\"")])
        #expect(house.session.server != nil)
    }

    @Test func whoHasAKeyAndNothingToSignIsDone() throws {
        let key = try NKey(seed: "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY")
        var house = try SessionHouse { $0.credentials = .key(key) }
        house.open()
        house.hear(SessionHouse.info)
        #expect(house.takeEvents() == [.over(.nothingToSign)])
    }

    // MARK: Liveness and reconnecting

    @Test func aSilentServerIsAskedAndThenGivenUp() throws {
        var house = try SessionHouse()
        house.connect()
        house.wait(2_000)
        #expect(house.takeSaid() == "PING\r\n")
        house.hear("PONG\r\n")
        house.wait(5_950)
        #expect(house.takeSaid() == "PING\r\nPING\r\n")
        #expect(house.takeSteps().isEmpty)
        house.wait(50)
        #expect(house.takeEvents() == [.away("nats://a:4222: it is silent")])
        #expect(house.takeSteps() == [.close])
    }

    @Test func theNextServerIsTriedAtOnceAndAllOfThemBeforeAPause() throws {
        var house = try SessionHouse("a,b")
        house.connect()
        house.wait(1_000)
        house.lose()
        #expect(house.takeSteps() == [.connect(NATSAddress(host: "b"))])
        house.lose()
        #expect(house.takeSteps().isEmpty)
        house.wait(50)
        #expect(house.takeSteps().isEmpty)
        house.wait(50)
        #expect(house.takeSteps() == [.connect(NATSAddress(host: "a"))])
        house.lose()
        #expect(house.takeSteps() == [.connect(NATSAddress(host: "b"))])
        house.lose()
        house.wait(150)
        #expect(house.takeSteps().isEmpty)
        house.wait(50)
        #expect(house.takeSteps() == [.connect(NATSAddress(host: "a"))])
    }

    @Test func aServerThatLetsInAndHangsUpIsNotAskedAgainAndAgain() throws {
        var house = try SessionHouse()
        for pause in [100, 200, 400] {
            house.connect()
            house.lose()
            house.wait(pause - 50)
            #expect(house.takeSteps().isEmpty)
            house.wait(50)
            #expect(house.takeSteps().count == 1)
        }
    }

    @Test func whatIsSubscribedIsSubscribedAgain() throws {
        var house = try SessionHouse()
        let early = house.session.subscribe("early.>")
        house.connect()
        let kept = house.session.subscribe("kept", queue: "q")
        house.session.unsubscribe(house.session.subscribe("gone") ?? 0)
        let illegal = house.session.subscribe("no..subject")
        #expect(illegal == nil)
        house.hear("PING\r\n")
        #expect(house.takeSaid() == "SUB kept q 3\r\nSUB gone 4\r\nUNSUB 4\r\nPONG\r\n")
        house.lose()
        house.wait(100)
        house.open()
        house.hear(SessionHouse.info)
        _ = house.takeSaid()
        house.hear("PONG\r\n")
        #expect(house.takeSaid() == "SUB _INBOX.T.* 1\r\nSUB early.> 2\r\nSUB kept q 3\r\n")
        _ = house.takeEvents()
        house.hear("MSG kept 3 2\r\nhi\r\nMSG gone 4 r 2\r\nho\r\n")
        #expect(
            house.takeEvents() == [
                .message(subscription: 3, NATSMessage(subject: "kept", payload: Array("hi".utf8))),
                .stray(NATSMessage(subject: "gone", reply: "r", payload: Array("ho".utf8))),
            ])
        #expect((early, kept) == (2, 3))
    }

    // MARK: A server that leaves

    @Test func aServerThatIsAboutToLeaveIsLeftWhenNothingIsWaitedFor() throws {
        var house = try SessionHouse("a,b")
        house.connect()
        try house.ask("first")
        house.hear(SessionHouse.info.replacing("\"headers\"", with: "\"ldm\":true,\"headers\""))
        #expect(house.takeSteps().isEmpty)
        #expect(throws: NATSRefusal.leaving) { try house.ask("second") }
        house.hear("MSG _INBOX.T.1 1 2\r\nok\r\n")
        #expect(house.takeSteps() == [.close, .connect(NATSAddress(host: "b"))])
        #expect(
            house.takeEvents() == [
                .outcome("first", .answered(NATSMessage(subject: "_INBOX.T.1", payload: Array("ok".utf8)))),
                .away("nats://a:4222: it is about to leave"),
            ])
    }

    @Test func aServerThatIsAboutToLeaveIsLeftInTimeAlsoWithoutAnAnswer() throws {
        var house = try SessionHouse("a,b") { $0.leavingPatience = 500 }
        house.connect()
        try house.ask("first", patience: 10_000)
        house.hear(SessionHouse.info.replacing("\"headers\"", with: "\"ldm\":true,\"headers\""))
        house.wait(450)
        #expect(house.takeEvents().isEmpty)
        house.wait(50)
        #expect(house.takeEvents().first == .outcome("first", .unknown(.connectionLost)))
    }

    @Test func theOnlyServerIsNotLeft() throws {
        var house = try SessionHouse()
        house.connect()
        house.hear(SessionHouse.info.replacing("\"headers\"", with: "\"ldm\":true,\"headers\""))
        #expect(house.takeSteps().isEmpty)
        try house.ask("first")
        #expect(house.takeSaid().hasPrefix("PUB jobs "))
    }

    // MARK: Requests

    @Test func aRequestIsAnsweredByItsNumber() throws {
        var house = try SessionHouse()
        house.connect()
        try house.ask("first")
        try house.ask("second")
        #expect(house.takeSaid() == "PUB jobs _INBOX.T.1 2\r\nhi\r\nPUB jobs _INBOX.T.2 2\r\nhi\r\n")
        house.hear("MSG _INBOX.T.2 1 1\r\nb\r\nHMSG _INBOX.T.1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n")
        #expect(
            house.takeEvents() == [
                .outcome("second", .answered(NATSMessage(subject: "_INBOX.T.2", payload: [0x62]))),
                .outcome("first", .noResponders),
            ])
        // A second answer, and one to nobody.
        house.hear("MSG _INBOX.T.2 1 1\r\nb\r\nMSG _INBOX.T.77 1 1\r\nb\r\nMSG _INBOX.T.x 1 1\r\nb\r\n")
        #expect(house.takeEvents().isEmpty)
    }

    @Test func whatHasNoAnswerIsUnknownAndNeverSaidAgain() throws {
        var house = try SessionHouse()
        house.connect()
        try house.ask("silent", patience: 500)
        try house.ask("lost", patience: 5_000)
        house.wait(500)
        #expect(house.takeEvents() == [.outcome("silent", .unknown(.silence))])
        // What was not written yet when the connection went is not kept for the next.
        try house.session.request("jobs", [], "unwritten", until: house.now + 5_000)
        house.session.lost("gone", at: house.now)
        #expect(house.session.takeOutput().isEmpty)
        house.wait(100)
        #expect(
            house.takeEvents().prefix(2) == [
                .outcome("lost", .unknown(.connectionLost)), .outcome("unwritten", .unknown(.connectionLost)),
            ])
        _ = house.takeSaid()
        house.connect()
        #expect(!house.said.contains("PUB"))
        house.wait(10_000)
        #expect(!house.takeEvents().contains { if case .outcome = $0 { true } else { false } })
    }

    @Test func whatCannotLeaveIsRefusedAtOnce() throws {
        var house = try SessionHouse { ($0.maxWaiting, $0.maxOutput) = (1, 150) }
        #expect(throws: NATSRefusal.notConnected) { try house.ask("early") }
        house.connect()
        #expect(throws: NATSRefusal.subject) { try house.session.publish("a b", []) }
        #expect(throws: NATSRefusal.tooLarge(limit: 100)) {
            try house.session.publish("a", [UInt8](repeating: 0x61, count: 101))
        }
        try house.session.publish("a", [UInt8](repeating: 0x61, count: 100))
        try house.session.publish("a", [UInt8](repeating: 0x61, count: 100))
        #expect(throws: NATSRefusal.busy) { try house.session.publish("a", []) }
        house.hear("PING\r\n")
        try house.ask("first")
        #expect(throws: NATSRefusal.busy) { try house.ask("second") }
    }

    @Test func whoLeavesIsDone() throws {
        var house = try SessionHouse()
        house.connect()
        try house.ask("first")
        house.session.leave()
        house.wait(60_000)
        #expect(house.takeSteps() == [.close])
        #expect(house.takeEvents() == [.outcome("first", .unknown(.connectionLost)), .over(.left)])
    }
}
