import SeawayMessage
import SeawayTesting
import SeawayWorker
import TestSupport
import Testing

@Suite struct RoutingTests {
    @Test func aRouteAnswersOnTheReplyChannel() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", path: "/moon") { request in .text("hello from \(request.path)") }
        } talk: { _ in
            layer.request(7, "/moon")
            let answer = try await layer.nextSent()
            #expect(layer.names == ["http.request"])
            #expect(answer.channel == "http.response.s!7")
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "text/plain; charset=utf-8")
            #expect(answer.content == "hello from /moon")
            #expect(answer.message["more_content"] == nil)
        }
    }

    @Test(
        arguments: [
            ("GET", "/users/7", 200, "user 7"), ("GET", "/users/me", 200, "me"), ("HEAD", "/users/me", 200, "me"),
            ("PUT", "/users/7", 200, "changed 7"), ("DELETE", "/users/7", 405, "Method Not Allowed\n"),
            ("GET", "/users/", 404, "Not Found\n"), ("GET", "/users/7/x", 404, "Not Found\n"),
            ("GET", "/files/a/b.txt", 200, "file a/b.txt"), ("GET", "/files", 200, "file "),
            ("GET", "/filesystem", 404, "Not Found\n"), ("OPTIONS", "*", 404, "Not Found\n"),
        ] as [(String, String, Int64, String)])
    func aRequestGoesToTheFirstRouteThatFits(method: String, path: String, status: Int64, content: String) async throws
    {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("http.request", method: "GET", path: "/users/me") { _ in .text("me") }
            worker.on("http.request", method: "GET", path: "/users/{id}") { request in
                .text("user \(request.parameters["id"] ?? "?")")
            }
            worker.on("http.request", method: "PUT", path: "/users/{id}") { request in
                .text("changed \(request.parameters["id"] ?? "?")")
            }
            worker.on("http.request", path: "/files/*") { request in .text("file \(request.parameters["*"] ?? "?")") }
        } talk: { _ in
            layer.request(1, method, path)
            let answer = try await layer.nextSent()
            #expect(answer.status == status)
            #expect(answer.content == content)
            if status == 405 { #expect(answer.header("allow") == "GET, PUT") }
        }
    }

    @Test func aMailboxGetsItsMessagesWithTheirFullNames() async throws {
        let layer = FakeLayer()
        let seen = Inbox<String>()
        try await withWorker(layer) { worker in
            worker.on("chat.k3f9!") { message in
                seen.put("\(message.channel) \(message.group ?? "-") \(message["n"]?.int ?? 0)")
            }
        } talk: { _ in
            layer.deliver(["n": 1], to: "chat.k3f9!1", "chat.k3f9!2", group: "room")
            let both = await [seen.next(), seen.next()]
            #expect(both.sorted() == ["chat.k3f9!1 room 1", "chat.k3f9!2 room 1"])
            // One delivery has cost one credit.
            try #require(try await layer.nextCredit() == 1)
        }
    }

    @Test func messagesWithAPathAreRoutedByIt() async throws {
        struct Chat: Consumer {
            let seen: Inbox<String>
            func consume(_ message: IncomingMessage) async throws {
                self.seen.put(message.parameters["room"] ?? "?")
                try await message.reply(["accept": true])
            }
        }
        let layer = FakeLayer()
        let seen = Inbox<String>()
        try await withWorker(layer) { worker in
            worker.on("websocket.connect", at: "/chat/{room}", Chat(seen: seen))
        } talk: { _ in
            layer.deliver(["reply_channel": "websocket.send.s!1", "path": "/chat/blue"], to: "websocket.connect")
            #expect(await seen.next() == "blue")
            let answer = try await layer.nextSent()
            #expect(answer.channel == "websocket.send.s!1")
            #expect(answer.message == ["accept": true])
        }
    }

    @Test func aMessageThatFitsNoConsumerIsPassedOver() async throws {
        let layer = FakeLayer()
        try await withWorker(layer) { worker in
            worker.on("websocket.connect", at: "/chat/{room}") { _ in }
        } talk: { _ in
            layer.deliver(["path": "/elsewhere"], to: "websocket.connect")
            try #require(try await layer.nextCredit() == 1)
        }
    }

    @Test(arguments: ["moon", "", "/a/*/b", "/{", "/{}", "/a*", "/x{y}"])
    func aPatternThatMakesNoSenseStopsTheWorkerBeforeItBegins(pattern: String) async throws {
        let worker = Worker(layer: FakeLayer())
        worker.on("http.request", path: pattern) { _ in .text("") }
        await #expect(throws: WorkerError(.pattern, name: pattern)) { try await worker.run() }
    }

    @Test func aWorkerWithoutRoutesDoesNotBegin() async throws {
        await #expect(throws: WorkerError(.notListening, name: "no routes")) {
            try await Worker(layer: FakeLayer()).run()
        }
    }
}

@Suite struct EnvelopeTests {
    @Test(
        arguments: [
            (["path": "/a", "method": "GET", "reply_channel": "r!1"], "/a", "GET", "r!1"),
            (["path": 7, "method": nil, "reply_channel": ["x"], "other": "y"], nil, nil, nil),
            ([:], nil, nil, nil),
        ] as [(Message, String?, String?, String?)])
    func fieldsOfAnotherTypeCountAsAbsent(message: Message, path: String?, method: String?, reply: String?) {
        let envelope = Envelope(message.payload)
        #expect(envelope.path == path)
        #expect(envelope.method == method)
        #expect(envelope.replyChannel == reply)
    }

    @Test func ofAKeyThatStandsTwiceTheLastCounts() {
        var writer = MessagePackWriter()
        writer.map(count: 2)
        for path in ["/first", "/last"] {
            writer.string("path")
            writer.string(path)
        }
        #expect(Envelope(writer.finish()).path == "/last")
    }

    /// A broker hands out nothing malformed; another layer might.
    @Test func malformedBytesAreNoTrap() {
        let bytes = (["reply_channel": "r!1", "path": "/a"] as Message).payload.messagePack
        for end in bytes.indices {
            #expect(Envelope(Payload(messagePack: Array(bytes[..<end]))).path == nil)
        }
    }
}
