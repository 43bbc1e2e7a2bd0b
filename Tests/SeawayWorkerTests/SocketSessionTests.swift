import InMemoryLogging
import SeawayMessage
import SeawayTesting
import SeawayWorker
import ServiceLifecycleTestKit
import TestSupport
import Testing

/// What a process keeps of a socket as long as it lives.
@Suite(.timeLimit(.minutes(1))) struct SocketSessionTests {
    /// Counts what its browser says, and says the count and the name it came with; `end` tells what is left at the end.
    private struct Counter: WebSocketHandler {
        let ends = Inbox<[String]>()

        func connect(_ socket: WebSocket, _ request: HTTPRequest) async throws -> WebSocketDecision {
            try socket.session["name"] = request.queryString
            return request.queryString == "nobody" ? .reject() : .accept()
        }

        func receive(_ message: WebSocketMessage, from socket: WebSocket) async throws {
            let session = try socket.session
            let count = session.update("count", default: 0) { $0 += 1 }
            try await socket.send("\(session["name", as: String.self] ?? "?") \(count)")
        }

        func disconnect(_ socket: WebSocket, _ closure: WebSocketClosure) async throws {
            self.ends.put((try? socket.session)?.names ?? [])
        }
    }

    private func open(_ layer: FakeLayer, _ number: Int, as name: String) async throws -> String {
        layer.event(number, "connect", order: 0, ["query_string": .string(name)])
        return try #require(try await layer.nextSent().message["receive_channel"]?.string)
    }

    @Test func aSessionLivesFromTheConnectToTheDisconnect() async throws {
        let layer = FakeLayer()
        let handler = Counter()
        try await withWorker(layer) { worker in
            worker.onWebSocket(sticky: true, handler: handler)
        } talk: { _ in
            let ann = try await open(layer, 1, as: "ann")
            let bob = try await open(layer, 2, as: "bob")
            for (number, channel, said) in [(1, ann, "ann 1"), (1, ann, "ann 2"), (2, bob, "bob 1"), (1, ann, "ann 3")]
            {
                layer.event(number, "receive", order: 1, on: channel, ["text": "hi"])
                #expect(try await layer.nextSent().message == ["text": .string(said)])
            }
            layer.event(1, "disconnect", order: 5, on: ann)
            #expect(await handler.ends.next() == ["count", "name"])
            for _ in 1...7 { _ = try await layer.nextCredit() }
            // It is over: who comes late finds nothing.
            layer.event(1, "receive", order: 6, on: ann, ["text": "hi"])
            #expect(try await layer.nextSent().message == ["close": 1_012, "reason": "its worker has left"])
            layer.event(2, "receive", order: 2, on: bob, ["text": "hi"])
            #expect(try await layer.nextSent().message == ["text": "bob 2"])
        }
    }

    @Test func aRouteThatIsNotStickyHasNone() async throws {
        let layer = FakeLayer()
        let log = InMemoryLogHandler.whole
        try await withWorker(layer, log: log) { worker in
            worker.onWebSocket(handler: Counter())
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            try #require(try await layer.nextSent().message == ["accept": false, "status": 500])
        }
        #expect(log.errors.count == 1)
        #expect(log.errors.first?.contains("notSticky /chat/blue") == true, "\(log.errors)")
    }

    @Test func aSocketThatIsRefusedHasNoneAnyMore() async throws {
        let layer = FakeLayer()
        let handler = Counter()
        try await withWorker(layer) { worker in
            worker.onWebSocket(sticky: true, handler: handler)
        } talk: { _ in
            layer.event(1, "connect", order: 0, ["query_string": "nobody"])
            try #require(try await layer.nextSent().message["accept"] == false)
            #expect(try await layer.nextCredit() == 1)
            layer.event(1, "disconnect", order: 1)
            #expect(await handler.ends.next() == [])
        }
    }

    @Test func aConnectionThatBreaksEndsTheSessions() async throws {
        let layer = FakeLayer()
        let log = InMemoryLogHandler.whole
        try await withWorker(layer, log: log) { worker in
            worker.onWebSocket(sticky: true, handler: Counter())
        } talk: { _ in
            let channel = try await open(layer, 1, as: "ann")
            layer.happen(.interrupted)
            layer.happen(.started(kept: false))
            layer.event(1, "receive", order: 1, on: channel, ["text": "hi"])
            #expect(try await layer.nextSent().message == ["close": 1_012, "reason": "its worker has left"])
        }
        #expect(log.errors.first?.contains("sessionOver websocket.send.s!1") == true, "\(log.errors)")
    }

    @Test func aWorkerThatLeavesServesWhatIsOnItsWayWithItsSessions() async throws {
        let layer = FakeLayer { number, sent in sent.message["receive_channel"] == .null ? nil : .done }
        try await withWorker(layer) { worker in
            worker.onWebSocket(sticky: true, handler: Counter())
        } talk: { shutdown in
            let channel = try await open(layer, 1, as: "ann")
            shutdown.triggerGracefulShutdown()
            #expect(try await layer.nextSent().message == ["receive_channel": nil])
            layer.event(1, "receive", order: 1, on: channel, ["text": "hi"])
            #expect(try await layer.nextSent().message == ["text": "ann 1"])
            layer.answerHeld(.done)
            try await layer.stopping()
        }
    }

    @Test func valuesHaveTheirTypes() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket(sticky: true) { socket, _ in
                let session = try socket.session
                session["n"] = 1
                #expect(session["n", as: Int.self] == 1)
                #expect(session["n", as: String.self] == nil)
                session["n"] = String?.none
                #expect(session.names == [])
                return .accept()
            } receive: { _, _ in
            }
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            try #require(try await layer.nextSent().message["accept"] == true)
        }
    }
}
