import InMemoryLogging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

@Suite("Bodies in pieces (INTERFACE.md, section 2.1)") struct BodyTests {
    private static let channel = "http.request.body?s.1"
    private static let fields: Message = ["body": .bytes([]), "body_channel": .string(Self.channel)]

    private static func piece(_ offset: Int64, _ content: String, more: Bool = true) -> Message {
        ["offset": .int(offset), "more_content": .bool(more), "content": .bytes(Array(content.utf8))]
    }

    /// Gives a worker that does this with a body a request, and hears it ask.
    private func read(
        _ layer: FakeLayer = FakeLayer(), log: InMemoryLogHandler = .whole,
        _ work: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse,
        talk: @escaping @Sendable (FakeLayer) async throws -> Void
    ) async throws {
        try await withWorker(layer, log: log) { worker in
            worker.on("http.request", path: "/") { try await work($0) }
        } talk: { _ in
            layer.request(1, "POST", "/", Self.fields)
            #expect(try await layer.nextAside() == Self.channel)
            let asked = try await layer.nextSent()
            #expect(asked.channel == "http.response.s!1" && asked.ifHeard)
            #expect(asked.message == ["body_wanted": 524_288])
            try await talk(layer)
        }
    }

    @Test func aBodyIsPutTogether() async throws {
        try await self.read {
            .text(try await $0.text())
        } talk: { layer in
            layer.deliver(Self.piece(0, "one "), to: Self.channel)
            layer.deliver(Self.piece(4, "two"), to: Self.channel)
            layer.deliver(Self.piece(7, "", more: false), to: Self.channel)
            try #require(try await layer.nextSent().content == "one two")
            #expect(try await layer.nextStoppedAside() == Self.channel)
        }
    }

    @Test func piecesComeAsTheyAreTaken() async throws {
        let taken = Inbox<Int>()
        try await self.read { request in
            var size = 0
            for try await piece in request.body {
                size += piece.count
                taken.put(size)
            }
            return .text("\(size)")
        } talk: { layer in
            let text = String(repeating: "x", count: 65_536)
            for number in 1...4 {
                layer.deliver(Self.piece(Int64(number - 1) * 65_536, text), to: Self.channel)
                #expect(await taken.next() == number * 65_536)
            }
            try #require(try await layer.nextSent().message == ["body_wanted": 786_432])
            layer.deliver(Self.piece(262_144, "end", more: false), to: Self.channel)
            #expect(try await layer.nextSent().content == "262147")
        }
    }

    @Test func aClientThatLeavesBreaksItOff() async throws {
        let log = InMemoryLogHandler.whole
        try await self.read(log: log) {
            .text(try await $0.text())
        } talk: { layer in
            layer.deliver(Self.piece(0, "one "), to: Self.channel)
            layer.deliver(["offset": 4, "closed": true], to: Self.channel)
            try #require(try await layer.nextClosed() == [Self.channel])
            #expect(try await layer.nextStoppedAside() == Self.channel)
            #expect(try await layer.nextCredit() == 1)
        }
        #expect(log.errors.isEmpty)
    }

    @Test func aRequestThatIsOverHasNoBody() async throws {
        let layer = FakeLayer { number, _ in number == 0 ? .refused(Refusal(code: "gone")) : .done }
        try await self.read(layer) {
            .text(try await $0.text())
        } talk: { layer in
            try #require(try await layer.nextClosed() == [Self.channel])
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func askingWaitsForRoom() async throws {
        let layer = FakeLayer { number, _ in number == 0 ? .refused(Refusal(code: "full")) : .done }
        try await self.read(layer) {
            .text(try await $0.text())
        } talk: { layer in
            try #require(try await layer.nextSent().message == ["body_wanted": 524_288])
            layer.deliver(Self.piece(0, "one", more: false), to: Self.channel)
            #expect(try await layer.nextSent().content == "one")
        }
    }

    @Test(
        arguments: [
            ["offset": 3, "content": "x"], ["content": "x"], ["offset": 0, "content": 7],
            ["offset": "0", "content": "x"],
        ] as [Message])
    func whatDoesNotFollowIsNotTaken(wrong: Message) async throws {
        try await self.read { request in
            do {
                return .text(try await request.text())
            } catch let error as WorkerError {
                #expect(error.code == .bodyBroken && !request.incoming.isGone)
                throw error
            }
        } talk: { layer in
            layer.deliver(wrong, to: Self.channel)
            try #require(try await layer.nextSent().status == 500)
            #expect(try await layer.nextClosed() == [Self.channel])
        }
    }

    @Test func aBodyBeyondTheLimitIsAnsweredWith413() async throws {
        let log = InMemoryLogHandler.whole
        try await self.read(log: log) {
            .text(try await $0.text(upTo: 5))
        } talk: { layer in
            layer.deliver(Self.piece(0, "one two"), to: Self.channel)
            try #require(try await layer.nextSent().status == 413)
            #expect(try await layer.nextClosed() == [Self.channel])
        }
        #expect(log.errors.isEmpty)
    }

    @Test func whatAHandlerLeavesIsNobodys() async throws {
        try await self.read { request in
            var pieces = request.body.makeAsyncIterator()
            let first = try await pieces.next()
            #expect(first == Array("one ".utf8))
            return .text("no", status: 401)
        } talk: { layer in
            layer.deliver(Self.piece(0, "one "), to: Self.channel)
            try #require(try await layer.nextSent().status == 401)
            #expect(try await layer.nextClosed() == [Self.channel])
            #expect(try await layer.nextStoppedAside() == Self.channel)
        }
    }

    @Test func aBodyMayBeAnsweredAsItComes() async throws {
        try await self.read { request in
            .stream { writer in for try await piece in request.body { try await writer.write(piece) } }
        } talk: { layer in
            layer.deliver(Self.piece(0, "one "), to: Self.channel)
            try #require(try await layer.nextSent().content == "one ")
            layer.deliver(Self.piece(4, "two", more: false), to: Self.channel)
            #expect(try await layer.nextSent().content == "two")
            #expect(try await layer.nextSent().message["more_content"] == false)
        }
    }

    @Test func itIsGoneThroughOnce() async throws {
        try await self.read { request in
            _ = try await request.text()
            await #expect(throws: WorkerError.self) { try await request.text() }
            return .text("once")
        } talk: { layer in
            layer.deliver(Self.piece(0, "one", more: false), to: Self.channel)
            try #require(try await layer.nextSent().content == "once")
        }
    }

    @Test func aChannelThatCannotBeListenedOnIsTold() async throws {
        try await self.read { request in
            do {
                return .text(try await request.text())
            } catch let error as WorkerError where error.code == .notListening {
                return .text("denied")
            }
        } talk: { layer in
            layer.happen(.refused(Refusal(code: "denied")), to: Self.channel)
            try #require(try await layer.nextSent().content == "denied")
        }
    }

    @Test func aBodyInItsRequestIsReadAlike() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/") { .text(try await $0.form()["b"] ?? "") }
        } talk: { _ in
            layer.request(1, "POST", "/", ["body": "a=1&b=two+words"])
            try #require(try await layer.nextSent().content == "two words")
        }
    }
}
