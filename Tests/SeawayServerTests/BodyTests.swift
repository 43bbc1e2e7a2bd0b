import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("Bodies in pieces (I9, I40 to I44)") struct BodyTests {
    private static let hello: Message = ["status": 200, "content": "hello"]

    /// A server that keeps bodies of up to 8 bytes whole, and cuts others into pieces of up to 8.
    private func server(
        _ layer: FakeLayer = FakeLayer(), _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) -> EmbeddedServer {
        EmbeddedServer(layer: layer) {
            $0.bodyInline = 8
            $0.bodyPiece = 8
            configure(&$0)
        }
    }

    private func post(_ length: Int, _ fields: String = "") -> String {
        "POST /up HTTP/1.1\r\nhost: a\r\ncontent-length: \(length)\r\n\(fields)\r\n"
    }

    private func pieces(_ server: EmbeddedServer) -> [String] {
        server.layer.bodyPieces.map { sent in
            let message = sent.message
            if message["closed"]?.bool == true { return "\(message["offset"]?.int ?? -1) closed" }
            let text = String(decoding: message["content"]?.bytes ?? [], as: UTF8.self)
            return "\(message["offset"]?.int ?? -1) \(text)" + (message["more_content"]?.bool == true ? " …" : "")
        }
    }

    @Test("I9") func aSmallBodyIsInItsRequest() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(8) + "12345678")
        #expect(server.layer.requests.first?["body"]?.bytes == Array("12345678".utf8))
        #expect(server.layer.requests.first?["body_channel"] == nil)
        #expect(server.core.counters.bodyStreams == 0)
    }

    @Test("I9, I40, I41") func aLargeBodyIsReadInPieces() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(20) + "12345678")
        let request = try #require(server.layer.requests.first)
        #expect(request["body"]?.bytes == [])
        let channel = try #require(request["body_channel"]?.string)
        let reply = try #require(request["reply_channel"]?.string)
        let parts = [channel, reply].map { $0.split { "?!.".contains($0) }.suffix(3).map(String.init) }
        // Who knows one of the two does not know the other.
        #expect(channel.hasPrefix("http.request.body?\(parts[1][0]).\(parts[1][1])."))
        #expect(parts[0][2] != parts[1][2])
        #expect(self.pieces(server).isEmpty)
        server.answer(0, ["body_wanted": 10])
        try client.send("90abcdefghij")
        #expect(self.pieces(server) == ["0 12345678 …", "8 90 …"])
        server.answer(0, ["body_wanted": 100])
        #expect(self.pieces(server).suffix(2) == ["10 abcdefgh …", "18 ij"])
        #expect(server.layer.bodyPieces.allSatisfy { $0.channel == channel && $0.ifHeard })
        server.answer(0, Self.hello)
        #expect(try client.output().hasSuffix("hello"))
        #expect(client.isOpen)
        try client.get()
        #expect(server.layer.requests.count == 2)
        #expect(server.core.counters.bodiesBrokenOff == 0)
    }

    @Test("I9") func aChunkedBodyGoesInPiecesOnceItIsLarge() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n8\r\n12345678\r\n")
        #expect(server.layer.requests.isEmpty)
        try client.send("2\r\n90\r\n")
        let headers = try #require(server.layer.requests.first?["headers"])
        #expect(!"\(headers)".contains("content-length"))
        server.answer(0, ["body_wanted": 100])
        try client.send("1\r\na\r\n0\r\n\r\n")
        #expect(self.pieces(server) == ["0 12345678 …", "8 90 …", "10 a …", "11 "])
    }

    @Test("I42") func theClientIsReadNoFasterThanTheWorkerTakes() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(1_000))
        var sent = 0
        while client.reads, sent < 1_000 {
            try client.send("12345678")
            sent += 8
        }
        #expect(sent == 8, "as much as one piece is kept")
        server.answer(0, ["body_wanted": 16])
        #expect(client.reads)
        #expect(server.core.counters.bodyWaits == 0)
    }

    @Test("I42") func aPieceThatFindsNoRoomIsSentAgain() throws {
        let layer = FakeLayer(verdict: { $1.channel.contains("?") ? nil : .done })
        let server = self.server(layer)
        let client = try server.connect()
        try client.send(self.post(12) + "123456789012")
        server.answer(0, ["body_wanted": 100])
        layer.answerHeld(.refused(Refusal(code: "full")))
        #expect(self.pieces(server) == ["0 12345678 …"])
        server.passUnseen(.milliseconds(2))
        #expect(self.pieces(server) == ["0 12345678 …", "0 12345678 …"])
        layer.answerHeld(.done)
        #expect(self.pieces(server).last == "8 9012")
        #expect(server.core.counters.bodyWaits == 1)
    }

    @Test("I43") func aWorkerThatReadsIsToldThatTheClientHasLeft() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(20) + "1234")
        server.answer(0, ["body_wanted": 100, "disconnect_channel": "http.disconnect.q8w2e4rt!4"])
        client.leave()
        #expect(self.pieces(server) == ["0 1234 …", "4 closed"])
        #expect(
            server.layer.disconnects.map { $0.message["reason"]?.string } == ["left", "left"],
            "to all, and to the worker's own")
        #expect(server.core.counters.bodiesBrokenOff == 1)
    }

    @Test("I44") func aWorkerThatRefusesEarlyNeedNotReadTheRest() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(1_000_000) + "1234")
        server.answer(0, ["status": 401])
        let output = try client.output()
        #expect(output.hasPrefix("HTTP/1.1 401 ") && output.contains("\r\nconnection: close\r\n"))
        #expect(self.pieces(server).isEmpty)
        #expect(server.core.bodyBytes == 0)
        // It asks too late.
        server.answer(0, ["body_wanted": 100])
        #expect(server.layer.closed.count == 1 && self.pieces(server).isEmpty)
    }

    @Test("I44") func aWorkerMayAnswerAndReadOn() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(12) + "1234")
        server.answer(0, ["status": 200, "content": "so far ", "more_content": true, "body_wanted": 100])
        try client.send("56789012")
        #expect(self.pieces(server) == ["0 1234 …", "4 56789012 …", "12 "])
        server.answer(0, ["content": "good"])
        #expect(try client.output().hasSuffix("4\r\ngood\r\n0\r\n\r\n"))
        #expect(client.isOpen)
    }

    @Test("I23, I40") func leaveToSendIsGivenWhenTheWorkerWantsTheBody() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(12, "expect: 100-continue\r\n"))
        #expect(server.layer.requests.count == 1)
        #expect(try client.output() == "")
        server.answer(0, ["body_wanted": 100])
        #expect(try client.output() == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("123456789012")
        #expect(self.pieces(server) == ["0 12345678 …", "8 9012 …", "12 "])
    }

    @Test("I23, I40") func leaveToSendWaitsForTheAnswersBeforeIt() throws {
        let server = self.server()
        let client = try server.connect()
        try client.get()
        try client.send(self.post(12, "expect: 100-continue\r\n"))
        server.answer(1, ["body_wanted": 100])
        #expect(try client.output() == "")
        server.answer(0, Self.hello)
        #expect(try client.output().hasSuffix("helloHTTP/1.1 100 Continue\r\n\r\n"))
    }

    @Test("I21, I43") func aBodyThatPassesTheLimitIsBrokenOff() throws {
        let server = self.server { $0.maxRequestBody = 12 }
        let client = try server.connect()
        try client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nc\r\n123456789012\r\n")
        server.answer(0, ["body_wanted": 100])
        try client.send("1\r\n3\r\n")
        #expect(try client.output().hasPrefix("HTTP/1.1 413 "))
        #expect(self.pieces(server).last == "12 closed")
        #expect(server.layer.disconnects.count == 1)
        #expect(server.core.counters.tooLarge == 1)
    }

    @Test("I21, I43") func aClientThatStopsInTheMiddleIsNotWaitedFor() throws {
        let server = self.server { $0.bodyTimeout = .seconds(10) }
        let client = try server.connect()
        try client.send(self.post(20) + "12")
        server.answer(0, ["body_wanted": 100])
        server.pass(.seconds(6))
        try client.send("34")
        server.pass(.seconds(6))
        #expect(try client.output() == "", "each piece has the time")
        server.pass(.seconds(5))
        #expect(try client.output().hasPrefix("HTTP/1.1 408 "))
        #expect(self.pieces(server).last == "4 closed")
    }

    @Test("I21") func aWorkerThatDoesNotReadIsNotWaitedFor() throws {
        let server = self.server {
            $0.httpTimeout = .seconds(20)
            $0.bodyTimeout = .seconds(10)
        }
        let client = try server.connect()
        try client.send(self.post(100) + "123456789012")
        server.pass(.seconds(15))
        #expect(try client.output() == "", "the client owes nothing while it is not read")
        server.pass(.seconds(6))
        #expect(try client.output().hasPrefix("HTTP/1.1 504 "))
        #expect(server.core.counters.timeouts == 1)
    }

    @Test("I21") func aWorkerThatWaitsForTheClientOwesNoAnswer() throws {
        let server = self.server {
            $0.httpTimeout = .seconds(5)
            $0.bodyTimeout = .seconds(60)
            $0.minBodyRate = 0
        }
        let client = try server.connect()
        try client.send(self.post(12) + "1234")
        server.answer(0, ["body_wanted": 100])
        server.pass(.seconds(30))
        #expect(try client.output() == "")
        try client.send("56789012")
        server.pass(.seconds(6))
        #expect(try client.output().hasPrefix("HTTP/1.1 504 "))
    }

    @Test func aBrokerThatIsLostEndsTheRequest() throws {
        let layer = FakeLayer(verdict: { $1.channel.contains("?") ? nil : .done })
        let server = self.server(layer)
        let client = try server.connect()
        try client.send(self.post(12) + "1234")
        server.answer(0, ["body_wanted": 100])
        layer.answerHeld(.unknown)
        #expect(try client.output().hasPrefix("HTTP/1.1 503 "))
    }

    @Test("I20") func pipelinedBodiesDoNotMix() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(12) + "aaaaaaaaaaaa" + self.post(12) + "bbbbbbbbbbbb")
        server.answer(0, ["body_wanted": 100])
        server.answer(1, ["body_wanted": 100])
        let channels = server.layer.bodyPieces.map(\.channel)
        #expect(self.pieces(server) == ["0 aaaaaaaa …", "8 aaaa", "0 bbbbbbbb …", "8 bbbb"])
        #expect(channels[0] == channels[1] && channels[2] == channels[3] && channels[0] != channels[2])
        server.answer(1, ["status": 200, "content": "second"])
        server.answer(0, ["status": 200, "content": "first"])
        #expect(try client.output().contains("firstHTTP/1.1 200 "))
    }

    @Test("I15") func askingForABodyInTheWrongTypeIsMalformed() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(12) + "1234")
        server.answer(0, ["body_wanted": "all"])
        #expect(try client.output().hasPrefix("HTTP/1.1 502 "))
    }
}
