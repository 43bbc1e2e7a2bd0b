import NIOCore
import NIOPosix
import SeawayMessage
import SeawayNIO
import SeawayServer
import SeawayTesting
import Synchronization
import TestSupport
import Testing

@Suite("Over real sockets", .timeLimit(.minutes(1))) struct SocketTests {
    @Test("I20, I24") func pipelinedRequestsAndKeepAlive() async throws {
        try await SocketServer.run(.echo()) { server in
            try await server.connect { client in
                for round in 0..<3 {
                    try await client.send(
                        "GET /a\(round) HTTP/1.1\r\nhost: a\r\n\r\nGET /b\(round) HTTP/1.1\r\nhost: a\r\n\r\n")
                    let text = try await client.read(until: "</b\(round)>")
                    #expect(text.contains("</a\(round)>HTTP/1.1 200 OK\r\n"))
                }
            }
            #expect(try await server.server.counters().answered == 6)
        }
    }

    @Test("I10, I19") func aSlowReaderHoldsItsWorkerBackAndGetsAll() async throws {
        let piece = String(repeating: "x", count: 65_536)
        let layer = FakeLayer()
        try await SocketServer.run(layer) { server in
            try await server.connect { client in
                try await client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                let reply = try await server.nextReply(0)
                var sent = 0
                // A worker that goes on until it is held back.
                while layer.paused.isEmpty {
                    let offset = Int64(sent * 65_536)
                    let message: Message =
                        sent == 0
                        ? ["status": 200, "content": .string(piece), "more_content": true]
                        : ["content": .string(piece), "more_content": true, "offset": .int(offset)]
                    layer.deliver(message, to: [reply])
                    sent += 1
                    _ = try await server.server.counters()
                    try #require(sent < 1_000, "never held back")
                }
                #expect(layer.paused == [reply] && layer.resumed.isEmpty)
                let first = try await client.read(until: "10000\r\n\(piece)\r\n")
                #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n"))
                for _ in 1..<sent { _ = try await client.read(until: "10000\r\n\(piece)\r\n") }
                while layer.resumed.isEmpty { _ = try await server.server.counters() }
                layer.deliver(["content": "end", "offset": .int(Int64(sent * 65_536))], to: [reply])
                #expect(try await client.readToEnd() == "3\r\nend\r\n0\r\n\r\n")
            }
        }
    }

    @Test("I28", arguments: ["1.0", "1.1"]) func tabsAreWhiteSpaceToo(version: String) async throws {
        try await SocketServer.run(.echo()) { server in
            try await server.connect { client in
                let fields = "host: a\r\nconnection: keep-alive\t\r\n"
                let chunked = version == "1.1" ? "transfer-encoding:\tchunked\t \r\n\r\n5\r\n\thell\r\n0\r\n\r\n" : nil
                for body in ["content-length: 5\t\r\n\r\n\thell", chunked, "\r\n"].compactMap({ $0 }) {
                    try await client.send("POST /a HTTP/\(version)\r\n\(fields)\(body)")
                    #expect(try await client.read(until: "</a>").contains(" 200 OK\r\n"))
                }
            }
        }
    }

    @Test("I17") func aClientThatHangsUpIsReported() async throws {
        let layer = FakeLayer()
        try await SocketServer.run(layer) { server in
            try await server.connect { client in
                try await client.send("GET /moon HTTP/1.1\r\nhost: a\r\n\r\n")
                _ = try await server.nextReply(0)
            }
            while layer.disconnects.isEmpty { _ = try await server.server.counters() }
            #expect(layer.disconnects.first?.message["path"] == "/moon")
            #expect(layer.closed.count == 1)
            // One that ends only its sending side is answered.
            try await server.connect { client in
                try await client.send("GET /sun HTTP/1.1\r\nhost: a\r\n\r\n")
                let reply = try await server.nextReply(1)
                client.finish()
                while try await server.server.counters().requests < 2 {}
                layer.deliver(["status": 200, "content": "hot"], to: [reply])
                #expect(try await client.readToEnd().hasSuffix("\r\n\r\nhot"))
            }
            #expect(layer.disconnects.count == 1)
        }
    }

    @Test("I22") func aRefusalIsNotLostWithTheRestOfTheBody() async throws {
        try await SocketServer.run(
            .echo(),
            {
                $0.maxRequestBody = 1_000_000
                $0.lingerTimeout = .seconds(3_600)
            }
        ) { server in
            try await server.connect { client in
                try await client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n")
                for _ in 0..<30 { try await client.send(String(repeating: "x", count: 100_000)) }
                #expect(try await client.readToEnd().hasPrefix("HTTP/1.1 413 "))
            }
            #expect(server.layer.sent.isEmpty)
        }
    }

    @Test("I22, I44") func anAnswerBeforeTheBodyIsNotLostWithTheRestOfIt() async throws {
        try await SocketServer.run(.echo(), { $0.lingerTimeout = .seconds(3_600) }) { server in
            try await server.connect { client in
                try await client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3000000\r\n\r\n")
                for _ in 0..<30 { try await client.send(String(repeating: "x", count: 100_000)) }
                let answer = try await client.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("\r\nconnection: close\r\n"))
            }
            #expect(server.layer.bodyPieces.isEmpty)
        }
    }

    @Test("I41, I42") func aBodyOfAnySizeIsReadInOrder() async throws {
        try await SocketServer.run(.reader(window: 100_000)) { server in
            try await server.connect { client in
                let head = "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 3000000\r\n\r\n"
                try await client.send(head)
                for _ in 0..<30 { try await client.send(String(repeating: "x", count: 100_000)) }
                #expect(try await client.readToEnd().hasSuffix("\r\n\r\n3000000"))
            }
            #expect(server.layer.bodyPieces.allSatisfy { ($0.message["content"]?.bytes?.count ?? 0) <= 65_536 })
        }
    }

    @Test("I22") func lingeringEnds() async throws {
        try await SocketServer.run(.echo(), { $0.lingerTimeout = .seconds(600) }) { server in
            try await server.connect { client in
                try await client.send("NONSENSE\r\n\r\n")
                _ = try await client.read(until: "This is not HTTP/1.1.\n")
                #expect(try await server.server.counters().openConnections == 1)
                // The client's machine may take its time to say that it has the answer; the time runs from then on.
                var later = Duration.zero
                while try await server.server.counters().openConnections > 0 {
                    later += .seconds(600)
                    try await server.server.sweep(later: later)
                }
            }
        }
    }

    /// No time is left for anything but taking the answer, and the client takes its time.
    @Test("I19, I22", arguments: ["close", "keep-alive"])
    func whoeverTakesALongAnswerSlowlyIsNotCutOff(connection: String) async throws {
        let layer = FakeLayer()
        let configure: (inout ServerConfiguration) -> Void = {
            $0.lingerTimeout = .zero
            $0.keepAliveTimeout = .zero
        }
        try await SocketServer.run(layer, configure) { server in
            try await server.connect { client in
                try await client.send("GET / HTTP/1.1\r\nhost: a\r\nconnection: \(connection)\r\n\r\n")
                // More than both kernels hold.
                let content = String(repeating: "x", count: 32 << 20) + "end"
                layer.deliver(["status": 200, "content": .string(content)], to: [try await server.nextReply(0)])
                for _ in 0..<3 { try await server.server.sweep(later: .seconds(10)) }
                let text = try await client.readToEnd()
                #expect(text.utf8.count > 32 << 20 && text.hasSuffix("xend"))
            }
            #expect(try await server.server.counters().stalledClients == 0)
            #expect(layer.disconnects.isEmpty)
        }
    }

    @Test("I21") func theServersOwnAnswers() async throws {
        let layer = FakeLayer(verdict: { _, sent in
            switch sent.channel {
            case "http.request.full": .refused(Refusal(code: "full"))
            case "http.request.away": .refused(Refusal(code: "unreachable"))
            default: .done
            }
        })
        let routes = try Routes<RequestRoute>(["/full=http.request.full", "/away=http.request.away"])
        try await SocketServer.run(layer, { $0.routes = routes }) { server in
            try await server.connect { client in
                try await client.send("GET /full HTTP/1.1\r\nhost: a\r\n\r\n")
                #expect(try await client.read(until: "waiting.\n").contains("\r\nretry-after: 1\r\n"))
                try await client.send("GET /away HTTP/1.1\r\nhost: a\r\n\r\n")
                #expect(try await client.read(until: "reached.\n").contains(" 503 "))
                try await client.send("GET /silent HTTP/1.1\r\nhost: a\r\n\r\n")
                _ = try await server.nextReply(2)
                try await server.server.sweep(later: .seconds(121))
                #expect(try await client.read(until: "in time.\n").contains(" 504 "))
                // The server's clock stays put forward until its next sweep: the connection is in use all the same.
                try await client.send("HEAD /head HTTP/1.1\r\nhost: a\r\n\r\n")
                layer.deliver(["content": "no status"], to: [try await server.nextReply(3)])
                #expect(try await client.read(until: "\r\n\r\n").contains(" 502 "))
                try await client.send(
                    "POST /body HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
                #expect(try await client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await client.send("ok")
                layer.deliver(["status": 200], to: [try await server.nextReply(4)])
                #expect(try await client.read(until: "\r\n\r\n").contains("content-length: 0\r\n"))
            }
        }
    }

    @Test("A layer on a thread of its own") func answersFromAnotherThreadArrive() async throws {
        let layer = FakeLayer(worker: { layer, sent in
            guard let reply = sent.message["reply_channel"]?.string else { return }
            MultiThreadedEventLoopGroup.singleton.next().execute {
                layer.deliver(["status": 200, "content": "from afar"], to: [reply])
            }
        })
        try await SocketServer.run(layer) { server in
            try await server.connect { client in
                for _ in 0..<20 {
                    try await client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                    #expect(try await client.read(until: "from afar").contains(" 200 OK"))
                }
            }
        }
    }

    @Test("I25") func aServerThatLeavesFinishesFirst() async throws {
        let layer = FakeLayer()
        try await SocketServer.run(layer) { server in
            try await server.connect { client in
                try await client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                let reply = try await server.nextReply(0)
                async let isDown: Void = server.server.shutdown(grace: .seconds(30))
                // Its listening ends last, so the answer still comes.
                while (try? await RawClient.connect(to: server.address) { _ in }) != nil {}
                layer.deliver(["status": 200, "content": "hello"], to: [reply])
                let answer = try await client.readToEnd()
                #expect(answer.contains("connection: close\r\n") && answer.hasSuffix("hello"))
                await isDown
            }
            #expect(layer.stopped == 3)
        }
    }

    @Test("I25") func graceIsBounded() async throws {
        let layer = FakeLayer()
        try await SocketServer.run(layer) { server in
            try await server.connect { client in
                try await client.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
                _ = try await server.nextReply(0)
                await server.server.shutdown(grace: .milliseconds(1))
                #expect(try await client.readToEnd() == "")
            }
            #expect(layer.stopped == 3 && layer.disconnects.count == 1)
        }
    }

    @Test func aTakenPortIsAnError() async throws {
        try await SocketServer.run(.echo()) { server in
            await #expect(throws: ListenFault(reason: "Address already in use")) {
                try await SocketServer.run(.echo(), { $0.listen(on: server.address.port ?? 0) }) { _ in }
            }
        }
    }

    /// Bytes that mean nothing, on many connections: the server refuses them and goes on serving.
    @Test func randomBytesStopNothing() async throws {
        try await SocketServer.run(.echo()) { server in
            var generator = SystemRandomNumberGenerator()
            let starts = ["", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"]
            for round in 0..<60 {
                let noise = (0..<Int.random(in: 1...300, using: &generator)).map { _ in
                    Character(Unicode.Scalar(UInt8.random(in: 0...127, using: &generator)))
                }
                try? await server.connect { client in
                    try await client.send(starts[round % 3] + String(noise) + "\r\n\r\n")
                    client.finish()
                    _ = try await client.readToEnd()
                }
            }
            try await server.connect { client in
                try await client.send("GET /still HTTP/1.1\r\nhost: a\r\n\r\n")
                #expect(try await client.read(until: "</still>").hasPrefix("HTTP/1.1 200 "))
            }
        }
    }
}

extension SocketServer {
    /// The reply channel of the request with this place, once it has come.
    fileprivate func nextReply(_ index: Int) async throws -> String {
        while true {
            if let reply = self.layer.replyChannel(index) { return reply }
            // Each question lets the server's loop turn once.
            _ = try await self.server.counters()
        }
    }
}
