import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

/// Sockets of a ``TestBroker``: what the interface server does with them, without one.
@Suite(.timeLimit(.minutes(1))) struct TestSocketTests {
    struct Failure: Error {}

    private func worker(_ broker: TestBroker, _ routes: (Worker) -> Void) -> Worker {
        let worker = Worker(layer: broker.layer, clock: broker.clock)
        routes(worker)
        return worker
    }

    @Test func aConsumerIsTestedInAFewLines() async throws {
        let broker = try await TestBroker()
        let worker = self.worker(broker) {
            $0.onWebSocket("/chat/{room}") { socket, _ in
                try await socket.join(socket.parameters["room", default: "all"])
                return .accept(greeting: .text("welcome"))
            } receive: { message, socket in
                try await socket.layer.group(socket.parameters["room", default: "all"]).send(message.message)
            }
        }
        async let _ = worker.run()

        let ann = try await broker.connect("/chat/blue")
        let bob = try await broker.connect("/chat/blue")
        #expect(try await ann.next() == .text("welcome"))
        #expect(try await bob.next() == .text("welcome"))
        #expect(try await broker.members(of: "blue") == [ann.channel, bob.channel])
        ann.send("hi")
        #expect(try await ann.next() == .text("hi"))
        #expect(try await bob.next() == .text("hi"))
        try await bob.close()
        #expect(try await broker.members(of: "blue") == [ann.channel])
    }

    @Test func theHandshakeSaysWhatABrowserDoes() async throws {
        let broker = try await TestBroker()
        let worker = self.worker(broker) {
            $0.onWebSocket { socket, request in
                #expect(request.path == "/live" && request.queryString == "x=1" && request.scheme == "ws")
                #expect(request.header("origin") == "https://example.org")
                return .accept(subprotocol: request.subprotocols.last, headers: [("x-name", "value")])
            } receive: { _, _ in
            }
        }
        async let _ = worker.run()
        let socket = try await broker.connect(
            "/live", query: "x=1", headers: [("origin", "https://example.org")], subprotocols: ["a", "b"])
        #expect(socket.subprotocol == "b")
        #expect(socket.headers.map(\.name) == ["x-name"])
    }

    @Test func aRefusalIsWhatTheBrowserGets() async throws {
        let broker = try await TestBroker()
        let ends = Inbox<Int>()
        let worker = self.worker(broker) {
            $0.onWebSocket("/live") { _, _ in
                .reject(status: 401, headers: [("www-authenticate", "Basic")], content: Array("no".utf8))
            } receive: { _, _ in
            } disconnect: { _, closure in
                ends.put(closure.code)
            }
        }
        async let _ = worker.run()
        let refused = await #expect(throws: TestSocket.Refused.self) { try await broker.connect("/live") }
        #expect(refused?.answer.status == 401 && refused?.answer.text == "no")
        #expect(refused?.answer.header("WWW-Authenticate") == "Basic")
        #expect(await ends.next() == 1_006)
        let nowhere = await #expect(throws: TestSocket.Refused.self) { try await broker.connect("/other") }
        #expect(nowhere?.answer.status == 404)
    }

    @Test func eventsOfASerialSocketComeOneAtATime() async throws {
        let broker = try await TestBroker()
        let reader = try await broker.listen(to: "websocket.connect")
        let receives = try await broker.listen(to: "websocket.receive")
        async let opened = broker.connect("/live")
        let connect = try await reader.nextMessage()
        #expect(connect["order"] == 0 && connect["type"] == "websocket.connect")
        let (channel, control) = (connect["reply_channel"]?.string ?? "", connect["control_channel"]?.string ?? "")
        try await broker.layer.send(["accept": true, "serial": true], to: channel)
        let socket = try await opened
        socket.send("one")
        socket.send([2])
        let first = try await receives.nextMessage()
        #expect(first["order"] == 1 && first["text"] == "one" && first["serial"] == true)
        #expect(try await broker.waiting(on: "websocket.receive").isEmpty)
        try await broker.layer.send(["done": 0], to: control)
        try await broker.layer.send(["done": 1], to: control)
        let second = try await receives.nextMessage()
        #expect(second["order"] == 2 && second["bytes"]?.bytes == [2])
        // The disconnect waits for its done too (W17).
        async let isClosed: Void = socket.close(3_001, reason: "enough")
        try await broker.layer.send(["done": 2], to: control)
        try await isClosed
        let end = try #require(try await broker.waiting(on: "websocket.disconnect").first)
        #expect(end["order"] == 3 && end["code"] == 3_001 && end["reason"] == "enough")
    }

    @Test func aStickySocketKeepsItsProcessAndItsSession() async throws {
        let broker = try await TestBroker()
        let worker = self.worker(broker) {
            $0.onWebSocket(sticky: true) { message, socket in
                try await socket.send("\(try socket.session.update("count", default: 0) { $0 += 1 })")
            }
        }
        async let _ = worker.run()
        let socket = try await broker.connect("/live")
        for count in 1...3 {
            socket.send("more")
            #expect(try await socket.next() == .text("\(count)"))
        }
    }

    @Test func aSocketWhoseProcessIsGoneGoesToTheSharedChannels() async throws {
        let broker = try await TestBroker()
        let connects = try await broker.listen(to: "websocket.connect")
        async let opened = broker.connect("/live")
        let channel = try #require(try await connects.nextMessage()["reply_channel"]?.string)
        try await broker.layer.send(["accept": true, "receive_channel": "worker.x!1"], to: channel)
        let socket = try await opened
        let receives = try await broker.listen(to: "websocket.receive")
        socket.send("hi")
        #expect(try await receives.nextMessage()["text"] == "hi")
    }

    @Test func aWorkerThatClosesIsSeenAndHears() async throws {
        let broker = try await TestBroker()
        let ends = Inbox<Int>()
        let worker = self.worker(broker) {
            $0.onWebSocket { message, socket in
                if message == .text("bad") { throw Failure() }
                try await socket.send("bye")
                try await socket.close(3_000, reason: "done")
            } disconnect: { _, closure in
                ends.put(closure.code)
            }
        }
        async let _ = worker.run()
        let socket = try await broker.connect("/live")
        socket.send("go")
        #expect(try await socket.next() == .text("bye"))
        #expect(try await socket.next() == .close(code: 3_000, reason: "done"))
        await #expect(throws: TestSocket.Ended.self) { try await socket.next() }
        try await socket.ended()
        try await socket.ended()
        #expect(await ends.next() == 3_000)
        let other = try await broker.connect("/live")
        other.send("bad")
        #expect(try await other.next() == .close(code: 1_011))
        let third = try await broker.connect("/live")
        try await third.leave()
        #expect(await ends.next() == 1_011)
        #expect(await ends.next() == 1_006)
    }

    @Test(
        arguments: [
            ["text": "a", "bytes": "b"], ["title": "nothing"], ["close": 999], ["text": 7],
        ] as [Message])
    func whatNoSocketTakesIsAFault(message: Message) async throws {
        let broker = try await TestBroker()
        let connects = try await broker.listen(to: "websocket.connect")
        async let opened = broker.connect("/live")
        let channel = try #require(try await connects.nextMessage()["reply_channel"]?.string)
        try await broker.layer.send(["accept": true], to: channel)
        let socket = try await opened
        try await broker.layer.send(message, to: channel)
        let fault = await #expect(throws: TestAnswer.Malformed.self) { try await socket.next() }
        #expect(fault?.message == message)
        try await socket.ended()
        let end = try #require(try await broker.waiting(on: "websocket.disconnect").first)
        #expect(end["code"] == 1_011)
        // As the server does, it has closed the channel.
        let late = await #expect(throws: ClientError.self) {
            try await broker.layer.send(["text": "late"], to: channel)
        }
        #expect(late?.code == .gone)
    }

    @Test(
        arguments: [["title": "nothing"], ["accept": true, "subprotocol": "c"], ["accept": false, "status": 99]]
            as [Message])
    func aDecisionThatIsNoneIsAFault(decision: Message) async throws {
        let broker = try await TestBroker()
        let connects = try await broker.listen(to: "websocket.connect")
        let opening = Task { try await broker.connect("/live", subprotocols: ["a"]) }
        let channel = try #require(try await connects.nextMessage()["reply_channel"]?.string)
        try await broker.layer.send(decision, to: channel)
        await #expect(throws: TestAnswer.Malformed.self) { try await opening.value }
    }

    @Test func aConnectThatIsRefusedIsTold() async throws {
        let broker = try await TestBroker(TestLimits(capacities: [.init("websocket.connect", messages: 1)]))
        try await broker.layer.send([:], to: "websocket.connect")
        let refused = await #expect(throws: ClientError.self) { try await broker.connect("/live") }
        #expect(refused?.code == .full)
    }

    @Test func aBrowserThatLeavesWhileItWaitsIsTold() async throws {
        let broker = try await TestBroker()
        let connects = try await broker.listen(to: "websocket.connect")
        let ends = try await broker.listen(to: "websocket.disconnect")
        let opening = Task { try await broker.connect("/live") }
        _ = try await connects.next()
        opening.cancel()
        await #expect(throws: CancellationError.self) { try await opening.value }
        #expect(try await ends.nextMessage()["code"] == 1_006)
    }
}
