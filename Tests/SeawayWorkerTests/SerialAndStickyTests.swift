import SeawayMessage
import SeawayTesting
import SeawayWorker
import ServiceLifecycleTestKit
import TestSupport
import Testing

/// INTERFACE.md, 8.6, from the worker's side.
@Suite(.timeLimit(.minutes(1))) struct SerialAndStickyTests {
    struct Failure: Error {}

    // MARK: One event at a time (W16)

    @Test func aSerialRouteSaysWhenAMessageIsDone() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket { message, socket in
                try await socket.send(message)
                if message == .text("bad") { throw Failure() }
            }
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            #expect(try await layer.nextSent().message == ["accept": true, "serial": true])
            layer.event(1, "receive", order: 1, ["text": "good", "serial": true])
            #expect(try await layer.nextSent().message == ["text": "good"])
            let done = try await layer.nextSent()
            #expect(done.channel == "websocket.control.s!1")
            #expect(done.message == ["done": 1])
            layer.event(1, "receive", order: 2, ["text": "bad", "serial": true])
            #expect(try await layer.nextSent().message == ["text": "bad"])
            #expect(try await layer.nextSent().message == ["close": 1_011])
            #expect(try await layer.nextSent().message == ["done": 2])
        }
    }

    /// The socket was accepted elsewhere, by a worker that says otherwise.
    @Test(arguments: [false, true])
    func whetherADoneIsSaidIsUpToTheEvent(serial: Bool) async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket("/chat/{room}", serial: !serial) { message, socket in try await socket.send(message) }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "hi", "serial": .bool(serial)])
            try #require(try await layer.nextSent().message == ["text": "hi"])
            if serial { #expect(try await layer.nextSent().message == ["done": 1]) }
            #expect(try await layer.nextCredit() == 1)
        }
        layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await layer.nextSent().channel == "end")
    }

    /// Else the socket would wait for half a minute.
    @Test func whatNobodyTakesIsDoneToo() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket("/chat/{room}") { _, _ in }
            worker.on("raw", at: "/chat/{room}") { _ in }
        } talk: { _ in
            layer.event(1, "receive", order: 1, path: "/news", ["text": "hi", "serial": true])
            try #require(try await layer.nextSent().message == ["done": 1])
            layer.event(1, "dance", order: 2, on: "websocket.receive", ["serial": true])
            #expect(try await layer.nextSent().message == ["done": 2])
            layer.event(1, "receive", order: 3, ["serial": true])
            #expect(try await layer.nextSent().message == ["close": 1_011])
            #expect(try await layer.nextSent().message == ["done": 3])
            layer.event(1, "receive", order: 4, path: "/news", on: "raw", ["text": "hi", "serial": true])
            #expect(try await layer.nextSent().message == ["done": 4])
            for _ in 0..<4 { #expect(try await layer.nextCredit() == 1) }
        }
    }

    @Test func aRouteMayGiveOrderUpForSpeed() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket(serial: false) { _, _ in }
        } talk: { _ in
            layer.event(1, "connect", order: 0)
            try #require(try await layer.nextSent().message == ["accept": true])
        }
    }

    @Test func theCreditComesBackWhenTheDoneHasArrived() async throws {
        let layer = FakeLayer { _, _ in nil }
        try await withWorker(layer, concurrency: 1) { worker in
            worker.onWebSocket { _, _ in }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "hi", "serial": true])
            try #require(try await layer.nextSent().message == ["done": 1])
            layer.answerHeld(.done)
            #expect(try await layer.nextCredit() == 1)
        }
    }

    // MARK: One process for one socket (W18)

    @Test func aStickyRouteKeepsASocketAndGivesItBackWhenItLeaves() async throws {
        let layer = FakeLayer()
        let handler = RecordingHandler()
        try await withWorker(layer) { worker in
            worker.onWebSocket(sticky: true, handler: handler)
        } talk: { shutdown in
            let mailbox = try #require(layer.names.first { $0.hasSuffix("!") })
            for number in 1...2 { layer.event(number, "connect", order: 0) }
            var channels: Set<String> = []
            for _ in 1...2 {
                _ = await handler.events.next()
                let channel = try #require(try await layer.nextSent().message["receive_channel"]?.string)
                #expect(channel.hasPrefix(mailbox))
                channels.insert(channel)
            }
            #expect(channels.count == 2)

            let channel = try #require(channels.first)
            layer.event(1, "receive", order: 1, on: channel, ["text": "hi"])
            #expect(await handler.events.next() == .receive(.text("hi"), room: nil))
            layer.event(1, "disconnect", order: 2, on: channel, ["code": 1_000])
            #expect(await handler.events.next() == .disconnect(code: 1_000, reason: ""))
            for _ in 1...4 { #expect(try await layer.nextCredit() == 1) }

            shutdown.triggerGracefulShutdown()
            let givenBack = try await layer.nextSent()
            #expect(givenBack.channel == "websocket.control.s!2")
            #expect(givenBack.message == ["receive_channel": nil])
            try await layer.stopping()
        }
    }

    @Test func aWorkerThatLeavesKeepsNoMoreSockets() async throws {
        let layer = FakeLayer { number, _ in number == 1 ? nil : .done }
        let handler = RecordingHandler()
        try await withWorker(layer) { worker in
            worker.onWebSocket(sticky: true, handler: handler)
        } talk: { shutdown in
            layer.event(1, "connect", order: 0)
            _ = try await layer.nextSent()
            shutdown.triggerGracefulShutdown()
            #expect(try await layer.nextSent().message == ["receive_channel": nil])
            // It still takes what comes until its sockets are given back.
            layer.event(2, "connect", order: 0)
            #expect(try await layer.nextSent().message == ["accept": true, "serial": true])
            layer.answerHeld(.done)
            try await layer.stopping()
        }
    }

    @Test func whoDidNotHearOfItIsNotGivenBack() async throws {
        let layer = FakeLayer { _, _ in .refused(Refusal(code: "gone")) }
        try await withWorker(layer) { worker in
            worker.onWebSocket(sticky: true, handler: RecordingHandler())
        } talk: { shutdown in
            layer.event(1, "connect", order: 0)
            #expect(try await layer.nextSent().message["accept"] == true)
            #expect(try await layer.nextCredit() == 1)
            shutdown.triggerGracefulShutdown()
            try await layer.stopping()
        }
        // What else was sent would have been before this.
        layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await layer.nextSent().channel == "end")
    }

    @Test func anInterruptedConnectionHasGivenItsSocketsBack() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket(sticky: true, handler: RecordingHandler())
        } talk: { shutdown in
            layer.event(1, "connect", order: 0)
            #expect(try await layer.nextSent().message["receive_channel"] != nil)
            layer.happen(.interrupted)
            layer.happen(.started(kept: false))
            shutdown.triggerGracefulShutdown()
            try await layer.stopping()
        }
        layer.send(Message().payload, to: "end", ifHeard: false) { _ in }
        #expect(try await layer.nextSent().channel == "end")
    }

    @Test func aHandlersOwnChannelIsNamedAndGivenBack() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.onWebSocket { message, socket in
                try await socket.receive(on: "games.17")
                try await socket.receive(on: nil)
            }
        } talk: { _ in
            layer.event(1, "receive", order: 1, ["text": "play"])
            for message: Message in [["receive_channel": "games.17"], ["receive_channel": nil]] {
                let sent = try await layer.nextSent()
                #expect(sent.channel == "websocket.control.s!1")
                #expect(sent.message == message)
            }
        }
    }
}
