import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

/// INTERFACE.md, section 8, from the worker's side.
@Suite(.timeLimit(.minutes(1))) struct WebSocketTests {
    struct Failure: Error {}

    // MARK: The handshake (W7)

    static let decisions: [(WebSocketDecision, Message)] = [
        (.accept(), ["accept": true, "serial": true]),
        (
            .accept(subprotocol: "chat.2", headers: [("x-a", "b")], greeting: .text("hi")),
            ["accept": true, "serial": true, "subprotocol": "chat.2", "headers": [["x-a", "b"]], "text": "hi"]
        ),
        (.accept(greeting: .bytes([0, 255])), ["accept": true, "serial": true, "bytes": .bytes([0, 255])]),
        (.accept(greeting: .text("")), ["accept": true, "serial": true, "text": ""]),
        (.reject(), ["accept": false, "status": 403]),
        (
            .reject(status: 302, headers: [("location", "/in")], content: Array("go".utf8)),
            ["accept": false, "status": 302, "headers": [["location", "/in"]], "content": .bytes(Array("go".utf8))]
        ),
    ]

    @Test(arguments: Self.decisions)
    func aDecisionBecomesItsMessage(decision: WebSocketDecision, message: Message) async throws {
        let layer = FakeLayer()
        let handler = RecordingHandler(decide: { _, _ in decision })
        try await withWorker(layer) { worker in
            worker.onWebSocket("/chat/{room}", handler: handler)
        } talk: { _ in
            layer.event(1, "connect", order: 0, ["subprotocols": ["chat.1", "chat.2"]])
            #expect(await handler.events.next() == .connect(path: "/chat/blue", subprotocols: ["chat.1", "chat.2"]))
            let sent = try await layer.nextSent()
            #expect(sent.channel == "websocket.send.s!1")
            #expect(sent.message == message)
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aHandlerThatThrowsOnConnectIsA500() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket { _, _ in
                throw Failure()
            } receive: { _, _ in
            }
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            try #require(try await layer.nextSent().message == ["accept": false, "status": 500])
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aPathThatFitsNoRouteIsA404AndItsOtherEventsArePassedOver() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket("/chat/{room}") { _, _ in }
        } talk: { _ in
            layer.event(1, "receive", order: 1, path: "/news", ["text": "hi"])
            layer.event(1, "disconnect", order: 2, path: "/news")
            for _ in 0..<2 { #expect(try await layer.nextCredit() == 1) }
            layer.event(2, "connect", order: 0, path: "/news")
            let sent = try await layer.nextSent()
            #expect(sent.channel == "websocket.send.s!2")
            #expect(sent.message == ["accept": false, "status": 404])
        }
    }

    // MARK: What the browser says

    @Test(
        arguments: [
            (["text": "hi"], .text("hi")), (["text": ""], .text("")), (["bytes": .bytes([0, 255])], .bytes([0, 255])),
            (["bytes": .bytes([])], .bytes([])), (["text": "hi", "bytes": .null], .text("hi")),
        ] as [(Message, WebSocketMessage)])
    func aMessageGoesToTheHandlerAndBack(fields: Message, said: WebSocketMessage) async throws {
        let layer = FakeLayer()
        let handler = RecordingHandler(take: { message, socket in try await socket.send(message) })
        try await withWorker(layer) { worker in
            worker.onWebSocket("/chat/{room}", handler: handler)
        } talk: { _ in
            layer.event(1, "receive", order: 1, fields)
            #expect(await handler.events.next() == .receive(said, room: "blue"))
            let sent = try await layer.nextSent()
            #expect(sent.channel == "websocket.send.s!1")
            switch said {
            case .text(let text): #expect(sent.message == ["text": .string(text)])
            case .bytes(let bytes): #expect(sent.message == ["bytes": .bytes(bytes)])
            }
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aFailureClosesTheSocketWith1011() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket { _, _ in throw Failure() }
        } talk: { _ in
            for fields: Message in [["text": "hi"], ["neither": true]] {
                layer.event(1, "receive", order: 1, fields)
                let sent = try await layer.nextSent()
                #expect(sent.channel == "websocket.send.s!1")
                #expect(sent.message == ["close": 1_011])
                #expect(try await layer.nextCredit() == 1)
            }
        }
    }

    @Test func aSocketThatIsGoneIsNotClosedAgain() async throws {
        let layer = FakeLayer { _, _ in .refused(Refusal(code: "gone")) }
        try await withWorker(layer) { worker in
            worker.onWebSocket(serial: false) { message, socket in try await socket.send(message) }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "one"])
            try #require(try await layer.nextCredit() == 1)
            layer.event(2, "receive", order: 1, ["text": "two"])
            #expect(try await layer.nextCredit() == 1)
            #expect(try await layer.nextSent().message == ["text": "one"])
            #expect(try await layer.nextSent().message == ["text": "two"])
        }
    }

    @Test func whatIsSentToASlowSocketWaitsForRoom() async throws {
        let layer = FakeLayer { number, _ in number < 3 ? .refused(Refusal(code: "full")) : .done }
        let clock = InstantClock()
        try await withWorker(layer, clock: clock) { worker in
            worker.onWebSocket { message, socket in try await socket.send(message) }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "hi"])
            for _ in 0..<4 { try #require(try await layer.nextSent().message == ["text": "hi"]) }
            #expect(try await layer.nextCredit() == 1)
            #expect(clock.waits == [.milliseconds(5), .milliseconds(10), .milliseconds(20)])
        }
    }

    @Test func aCloseThatMayBeLostIsSaidAgain() async throws {
        let layer = FakeLayer { number, _ in number == 0 ? .unknown : .done }
        try await withWorker(layer, clock: InstantClock()) { worker in
            worker.onWebSocket { _, socket in try await socket.close(4_000) }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "hi"])
            for _ in 0..<2 { try #require(try await layer.nextSent().message == ["close": 4_000]) }
            #expect(try await layer.nextCredit() == 1)
        }
    }

    @Test func aSocketIsClosedBehindItsDataOrAtOnce() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket { message, socket in
                try await socket.close(4_000, reason: "enough")
                try await socket.closeAtOnce()
                try await socket.send(json: ["n": 1])
            }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "hi"])
            let behind = try await layer.nextSent()
            #expect(behind.channel == "websocket.send.s!1")
            #expect(behind.message == ["close": 4_000, "reason": "enough"])
            let atOnce = try await layer.nextSent()
            #expect(atOnce.channel == "websocket.control.s!1")
            #expect(atOnce.message == ["close": 1_000])
            #expect(try await layer.nextSent().message == ["text": #"{"n":1}"#])
        }
    }

    @Test(
        arguments: [
            (["code": 1_001, "reason": "bye"], .disconnect(code: 1_001, reason: "bye")),
            ([:], .disconnect(code: 1_005, reason: "")),
        ] as [(Message, RecordingHandler.Event)])
    func theEndSaysWhy(fields: Message, event: RecordingHandler.Event) async throws {
        let layer = FakeLayer()
        let handler = RecordingHandler()
        try await withWorker(layer) { worker in
            worker.onWebSocket(handler: handler)
        } talk: { _ in
            layer.event(1, "disconnect", order: 7, fields)
            #expect(await handler.events.next() == event)
            try #require(try await layer.nextCredit() == 1)
        }
    }

    @Test func whatIsNoEventHarmsNobody() async throws {
        let layer = FakeLayer()
        let handler = RecordingHandler()
        try await withWorker(layer) { worker in
            worker.onWebSocket(handler: handler)
        } talk: { _ in
            layer.deliver(["text": "hi"], to: "websocket.receive")
            layer.deliver(["reply_channel": "x", "path": "/"], to: "websocket.connect")
            layer.event(1, "dance", order: 1, on: "websocket.receive")
            for _ in 0..<3 { try #require(try await layer.nextCredit() == 1) }
            layer.event(1, "receive", order: 1, ["text": "hi"])
            #expect(await handler.events.next() == .receive(.text("hi"), room: nil))
        }
    }

    // MARK: Channels (W2)

    @Test(arguments: [
        (
            "websocket.connect",
            ["websocket.connect", "websocket.disconnect", "websocket.receive"]
        ),
        (
            "websocket.connect.python",
            ["websocket.connect.python", "websocket.disconnect.python", "websocket.receive.python"]
        ),
        ("chat", ["chat", "chat.disconnect", "chat.receive"]),
    ])
    func theOtherEventsComeInBesideTheConnects(channel: String, names: [String]) async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket(channel: channel) { _, _ in }
        } talk: { _ in
            #expect(layer.names == names)
        }
    }

    // MARK: Over a broker

    /// The example of ``Worker/onWebSocket(_:channel:serial:sticky:connect:receive:disconnect:)``.
    @Test func aSocketIsInItsGroupWhenItIsAccepted() async throws {
        let broker = try await TestBroker()
        let worker = Worker(layer: broker.layer)
        worker.onWebSocket("/chat/{room}") { socket, request in
            try await socket.join("chat." + socket.parameters["room", default: "all"])
            return .accept()
        } receive: { message, socket in
            let room = "chat." + socket.parameters["room", default: "all"]
            if message == .text("leave") {
                try await socket.leave(room)
                try await socket.send("left")
            } else {
                try await socket.layer.group(room).send(message.message)
            }
        }
        async let _ = worker.run()

        let browser = try await broker.listen(to: "websocket.send.s!")
        let event: Message = [
            "reply_channel": "websocket.send.s!1", "control_channel": "websocket.control.s!1", "path": "/chat/blue",
        ]
        func send(_ type: String, _ text: String? = nil) async throws {
            var message = event
            message["type"] = .string("websocket.\(type)")
            if let text { message["text"] = .string(text) }
            try await broker.makeLayer().send(message, to: "websocket.\(type)")
        }
        try await send("connect")
        #expect(try await browser.nextMessage() == ["accept": true, "serial": true])
        #expect(try await broker.members(of: "chat.blue") == ["websocket.send.s!1"])
        try await send("receive", "hello")
        let delivery = try await browser.next()
        #expect(delivery.group == "chat.blue")
        #expect(try Message(delivery.body) == ["text": "hello"])
        try await send("receive", "leave")
        #expect(try await browser.nextMessage() == ["text": "left"])
        #expect(try await broker.members(of: "chat.blue").isEmpty)
    }
}
