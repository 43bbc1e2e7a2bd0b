import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

/// Several named streams over one socket.
@Suite(.timeLimit(.minutes(1))) struct DemultiplexerTests {
    struct Failure: Error {}

    /// Says back what comes, and keeps what happens.
    private struct Echo: SocketStreamHandler {
        let events: Inbox<String>
        var fails = false

        func connect(_ stream: SocketStream, _ request: HTTPRequest) async throws {
            self.events.put("connect \(stream.name) \(request.path)")
            if self.fails { throw Failure() }
        }

        func receive(_ payload: Value, from stream: SocketStream) async throws {
            self.events.put("receive \(stream.name)")
            try await stream.send(payload)
        }

        func disconnect(_ stream: SocketStream, _ closure: WebSocketClosure) async throws {
            self.events.put("disconnect \(stream.name) \(closure.code)")
            if self.fails { throw Failure() }
        }
    }

    private let events = Inbox<String>()

    private func serve(
        _ worker: Worker, failing: String? = nil,
        decide: @escaping @Sendable (WebSocket, HTTPRequest) async throws -> WebSocketDecision = { _, _ in .accept() }
    ) {
        let echo = Echo(events: self.events)
        var streams = ["chat": echo, "prices": echo]
        if let failing { streams[failing] = Echo(events: self.events, fails: true) }
        worker.onWebSocket(serial: false, handler: WebSocketDemultiplexer(streams, connect: decide))
    }

    @Test func eachStreamHasItsOwnHandlerAndAllTheSameSocket() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) {
            self.serve($0)
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            #expect(await self.events.next() == "connect chat /chat/blue")
            #expect(await self.events.next() == "connect prices /chat/blue")
            try #require(try await layer.nextSent().message == ["accept": true])
            let frame = #"{"payload":{"of":["tin",1.5,null]},"stream":"prices","more":1}"#
            layer.event(1, "receive", order: 1, ["text": .string(frame)])
            #expect(await self.events.next() == "receive prices")
            let answer = #"{"stream":"prices","payload":{"of":["tin",1.5,null]}}"#
            #expect(try await layer.nextSent().message == ["text": .string(answer)])
            layer.event(1, "receive", order: 2, ["text": #"{"stream":"chat","payload":null}"#])
            #expect(await self.events.next() == "receive chat")
            #expect(try await layer.nextSent().message == ["text": #"{"stream":"chat","payload":null}"#])
            layer.event(1, "disconnect", order: 3, ["code": 1_001])
            #expect(await self.events.next() == "disconnect chat 1001")
            #expect(await self.events.next() == "disconnect prices 1001")
        }
    }

    @Test(
        arguments: [
            (["bytes": .bytes([1])], 1_003), (["text": "hello"], 1_007), (["text": "[]"], 1_007),
            (["text": #"{"payload":1}"#], 1_007), (["text": #"{"stream":"chat"}"#], 1_007),
            (["text": #"{"stream":7,"payload":1}"#], 1_007), (["text": #"{"stream":"news","payload":1}"#], 1_007),
        ] as [(Message, Int64)])
    func whatIsNoFrameOfAStreamIsToldToTheBrowser(said: Message, code: Int64) async throws {
        let layer = FakeLayer()
        try await withWorker(layer) {
            self.serve($0)
        } talk: { _ in
            layer.event(1, "receive", order: 1, said)
            let told = try await layer.nextSent().message
            #expect(told["close"] == .int(code))
            #expect(told["reason"]?.string?.isEmpty == false)
        }
    }

    @Test func aSocketThatIsRefusedAsksNoStream() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) {
            self.serve($0) { _, _ in .reject(status: 401) }
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            try #require(try await layer.nextSent().message == ["accept": false, "status": 401])
            layer.event(1, "disconnect", order: 1)
            #expect(await self.events.next() == "disconnect chat 1005")
        }
    }

    @Test func aStreamThatFailsRefusesTheSocketAndOthersHearTheEndAllTheSame() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) {
            self.serve($0, failing: "chat")
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            try #require(try await layer.nextSent().message == ["accept": false, "status": 500])
            layer.event(1, "disconnect", order: 1)
            for said in ["connect chat /chat/blue", "disconnect chat 1005", "disconnect prices 1005"] {
                #expect(await self.events.next() == said)
            }
        }
    }

    @Test func aGroupIsToldAsTheStreamIs() {
        let told = SocketStream.message(["id": 7], on: "news")
        #expect(told == ["text": #"{"stream":"news","payload":{"id":7}}"#])
    }
}
