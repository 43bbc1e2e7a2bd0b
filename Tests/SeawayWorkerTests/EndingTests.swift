import InMemoryLogging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

/// However a handler ends, the one who waits has an answer at once, and the worker its credit.
@Suite(.timeLimit(.minutes(1))) struct EndingTests {
    struct Oops: Error {}

    // MARK: Without an answer

    static let endings: [(String, String, @Sendable (IncomingMessage) async throws -> Void)] = [
        ("returns", "a handler has ended without an answer", { _ in }),
        ("throws", "a handler has failed", { _ in throw Oops() }),
        ("is cancelled", "a handler has failed", { _ in throw CancellationError() }),
        (
            "cancels itself", "a handler has failed",
            { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                try await ManualClock().sleep(for: .seconds(1))
            }
        ),
        ("says something else", "a handler has ended without an answer", { try await $0.reply(["note": "soon"]) }),
    ]

    @Test(arguments: Self.endings.indices)
    func aConsumerThatEndsWithoutAnAnswerIsA500AtOnce(place: Int) async throws {
        let (name, text, ending) = Self.endings[place]
        let layer = FakeLayer()
        let log = InMemoryLogHandler()
        try await withWorker(layer, concurrency: 1, log: log) { worker in
            worker.on("http.request", at: "/odd", ending)
            worker.on("http.request", at: "/ping") { try await $0.reply(["status": 200]) }
        } talk: { _ in
            layer.request(1, "POST", "/odd")
            if name == "says something else" { #expect(try await layer.nextSent().message == ["note": "soon"]) }
            let answer = try await layer.nextSent()
            #expect(answer.channel == "http.response.s!1")
            #expect(answer.status == 500)
            #expect(try await layer.nextCredit() == 1)
            // The same worker serves the next one.
            layer.request(2, "/ping")
            #expect(try await layer.nextSent().status == 200)
            #expect(try await layer.nextCredit() == 1)
        }
        #expect(log.errors.count == 1)
        #expect(log.errors.first?.hasPrefix("error \(text) channel=http.request error=") == true)
        #expect(log.errors.first?.hasSuffix(" method=POST path=/odd") == true)
    }

    @Test(arguments: [true, false])
    func aResponderThatThrowsIsA500AtOnce(isCancelled: Bool) async throws {
        let layer = FakeLayer()
        let log = InMemoryLogHandler()
        try await withWorker(layer, log: log) { worker in
            worker.on("http.request", path: "/") { _ in
                if isCancelled { throw CancellationError() }
                throw Oops()
            }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().status == 500)
            #expect(try await layer.nextCredit() == 1)
        }
        #expect(log.errors.count == 1)
        #expect(log.errors.first?.hasSuffix(" method=GET path=/") == true)
    }

    @Test func anAnswerThatWasLeftWithoutItsEndIsBrokenOff() async throws {
        let layer = FakeLayer()
        let log = InMemoryLogHandler()
        try await withWorker(layer, log: log) { worker in
            worker.on("http.request") { message in
                try await message.reply(["status": 200, "content": "half", "more_content": true])
                try await message.reply(["content": " of it", "offset": 4, "more_content": true])
            }
        } talk: { _ in
            layer.request(1, "/")
            for _ in 0..<2 { try #require(try await layer.nextSent().message["more_content"] == true) }
            // A second status: the server closes before the end of the body (I12).
            #expect(try await layer.nextSent().status == 500)
            #expect(try await layer.nextCredit() == 1)
        }
        #expect(log.errors.count == 1)
    }

    /// The writer says where it failed, whatever its closure makes of that.
    @Test func aPieceThatIsMissingIsNotPassedOver() async throws {
        let layer = FakeLayer { number, _ in number == 1 ? .refused(Refusal(code: "size")) : .done }
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { _ in
                .stream { writer in
                    for word in ["one", "two", "three"] { try? await writer.write(word) }
                }
            }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().content == "one")
            #expect(try await layer.nextSent().content == "two")
            #expect(try await layer.nextSent().status == 500)
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aBrowserThatNobodyAnswersIsRefusedAtOnce() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("websocket.connect", at: "/silent") { _ in }
            worker.on("websocket.connect", at: "/throws") { _ in throw Oops() }
            worker.on("websocket.connect", at: "/late") { message in
                try await message.reply(["accept": true])
                throw Oops()
            }
        } talk: { _ in
            for path in ["/silent", "/throws"] {
                layer.event(1, "connect", order: 0, path: path)
                try #require(try await layer.nextSent().message == ["accept": false, "status": 500])
                #expect(try await layer.nextCredit() == 1)
            }
            layer.event(1, "connect", order: 0, path: "/late")
            #expect(try await layer.nextSent().message == ["accept": true, "serial": true])
            #expect(try await layer.nextSent().message == ["close": 1_011])
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func anAcceptThatIsRefusedForGoodIsReplacedByA500() async throws {
        let layer = FakeLayer { number, _ in number == 0 ? .refused(Refusal(code: "size")) : .done }
        try await withWorker(layer) { worker in
            worker.onWebSocket { _, _ in }
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            try #require(try await layer.nextSent().message["accept"] == true)
            #expect(try await layer.nextSent().message == ["accept": false, "status": 500])
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func whatAClientSaysCannotForgeALine() async throws {
        let layer = FakeLayer()
        let log = InMemoryLogHandler()
        try await withWorker(layer, log: log) { worker in
            worker.on("http.request", path: "/*") { _ in throw Oops() }
        } talk: { _ in
            layer.request(1, "GET", "/a\n2030-01-01 error forged\u{1B}[2J\u{2028}")
            try #require(try await layer.nextSent().status == 500)
        }
        let line = try #require(log.errors.first)
        #expect(line.hasSuffix(#"path=/a\n2030-01-01 error forged\x1b[2J\u2028"#))
    }

    // MARK: Others answer

    @Test func whatWasHandedOnIsAnsweredByOthers() async throws {
        let layer = FakeLayer()
        let log = InMemoryLogHandler()
        try await withWorker(layer, log: log) { worker in
            worker.on("http.request", at: "/heavy") { try await $0.handOn(["limit": 7], to: "bigdata.process") }
            worker.on("http.request", at: "/elsewhere") { $0.answerLater() }
            worker.on("http.request", at: "/throws") { message in
                message.answerLater()
                throw Oops()
            }
        } talk: { _ in
            layer.request(1, "/heavy")
            let work = try await layer.nextSent()
            #expect(work.channel == "bigdata.process")
            #expect(work.message == ["limit": 7, "reply_channel": "http.response.s!1"])
            #expect(try await layer.nextCredit() == 1)
            for path in ["/elsewhere", "/throws"] {
                layer.request(2, path)
                #expect(try await layer.nextCredit() == 1)
            }
        }
        layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await layer.nextSent().channel == "end")
        #expect(log.errors.count == 1)
    }

    @Test func whatCouldNotBeHandedOnIsA500() async throws {
        let layer = FakeLayer { _, sent in sent.channel == "heavy" ? .refused(Refusal(code: "full")) : .done }
        try await withWorker(layer) { worker in
            worker.on("http.request") { try await $0.handOn([:], to: "heavy") }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().channel == "heavy")
            #expect(try await layer.nextSent().status == 500)
            #expect(try await layer.nextCredit() == 1)
        }
    }

    /// A process may also answer later, from a task of its own.
    @Test func whoHandedARequestOnMayAnswerIt() async throws {
        let layer = FakeLayer()
        let later = Inbox<IncomingMessage>()
        try await withWorker(layer) { worker in
            worker.on("http.request") { message in
                message.answerLater()
                later.put(message)
            }
        } talk: { _ in
            layer.request(1, "/")
            let message = await later.next()
            #expect(try await layer.nextCredit() == 1)
            try await message.reply(["status": 200])
            #expect(try await layer.nextSent().status == 200)
        }
    }

    // MARK: A second answer

    @Test func aSecondAnswerIsAnErrorAndTheFirstStands() async throws {
        let layer = FakeLayer()
        let log = InMemoryLogHandler()
        let again: [@Sendable (IncomingMessage) async throws -> Void] = [
            { try await $0.reply(["status": 201]) }, { try await $0.reply(["content": "more"]) },
        ]
        try await withWorker(layer, log: log) { worker in
            for (place, second) in again.enumerated() {
                worker.on("http.request", at: "/\(place)") { message in
                    try await message.reply(["status": 200, "content": "one"])
                    await #expect(throws: WorkerError(.alreadyAnswered, name: "http.response.s!1")) {
                        try await second(message)
                    }
                    try await second(message)
                }
            }
            worker.on("http.request", path: "/both") { request in
                try await request.incoming.reply(["status": 200, "content": "one"])
                return .text("two")
            }
            worker.on("http.request", path: "/stream") { request in
                try await request.incoming.reply(["status": 200, "content": "one"])
                return .stream { try await $0.write("two") }
            }
        } talk: { _ in
            for path in ["/0", "/1", "/both", "/stream"] {
                layer.request(1, path)
                try #require(try await layer.nextSent().content == "one")
                #expect(try await layer.nextCredit() == 1)
            }
        }
        layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await layer.nextSent().channel == "end")
        #expect(log.errors.count == 4)
        #expect(log.errors.allSatisfy { $0.contains("error=alreadyAnswered http.response.s!1") })
    }

    @Test func aSecondAnswerInTheMidstOfOneBreaksItOff() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { request in
                try await request.incoming.reply(["status": 200, "content": "one", "more_content": true])
                return .text("two")
            }
        } talk: { _ in
            layer.request(1, "/")
            try #require(try await layer.nextSent().content == "one")
            #expect(try await layer.nextSent().status == 500)
        }
    }

    /// What was refused has not been said.
    @Test func anAnswerThatWasNotStoredMayBeTriedAgain() async throws {
        let layer = FakeLayer { number, _ in number == 0 ? .refused(Refusal(code: "full")) : .done }
        try await withWorker(layer) { worker in
            worker.on("http.request") { message in
                await #expect(throws: ClientError.self) { try await message.reply(["status": 200]) }
                try await message.reply(["status": 200])
            }
        } talk: { _ in
            layer.request(1, "/")
            for _ in 0..<2 { try #require(try await layer.nextSent().status == 200) }
            #expect(try await layer.nextCredit() == 1)
        }
    }
}
