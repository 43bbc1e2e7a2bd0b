import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("Times, limits and ends of bodies in pieces (section 7, I30, I43, I44)") struct BodyLimitTests {
    /// A server that keeps bodies of up to 8 bytes whole, and cuts others into pieces of up to 8.
    private func server(
        _ log: LogLines = LogLines(), _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) -> EmbeddedServer {
        EmbeddedServer(log: log) {
            $0.bodyInline = 8
            $0.bodyPiece = 8
            configure(&$0)
        }
    }

    private func post(_ length: Int) -> String {
        "POST /up HTTP/1.1\r\nhost: a\r\ncontent-length: \(length)\r\n\r\n"
    }

    private static let chunked = "POST /up HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"

    /// The last message on the body's channel says that it is not whole, and the request's end is told.
    private func isBrokenOff(_ server: EmbeddedServer) -> Bool {
        server.layer.bodyPieces.last?.message["closed"]?.bool == true && server.layer.disconnects.count == 1
    }

    @Test("I21, I43") func aBodyThatTricklesInIsTooSlow() throws {
        let log = LogLines()
        let server = self.server(log) { $0.minBodyRate = 1 }
        let client = try server.connect()
        try client.send(self.post(100) + "1")
        server.answer(0, ["body_wanted": 100])
        for _ in 0..<2 {
            try client.send("2")
            server.pass(.seconds(14))
        }
        #expect(try client.output() == "")
        server.pass(.seconds(2))
        #expect(try client.output().hasPrefix("HTTP/1.1 408 "))
        #expect(self.isBrokenOff(server))
        #expect(log.lines.first == "time is over client=192.0.2.7 limit=min-body-rate")
        #expect(server.core.counters.timesOver == [.bodyRate: 1])
    }

    /// Its rate counts from when the server reads again.
    @Test("I44") func aClientOwesNothingWhileTheWorkerIsSlow() throws {
        let server = self.server {
            $0.minBodyRate = 1
            $0.bodyTimeout = .seconds(40)
        }
        let client = try server.connect()
        try client.send(self.post(100) + "12345678")
        #expect(!client.reads)
        server.pass(.seconds(60))
        #expect(try client.output() == "")
        server.answer(0, ["body_wanted": 100])
        #expect(client.reads)
        server.pass(.seconds(29))
        #expect(try client.output() == "")
        server.pass(.seconds(1))
        #expect(try client.output().hasPrefix("HTTP/1.1 408 "))
        #expect(server.core.counters.timesOver == [.bodyRate: 1])
    }

    @Test("I23, I40") func aClientThatWasNotToldToSendOwesNothing() throws {
        let server = self.server { $0.bodyTimeout = .seconds(10) }
        let client = try server.connect()
        try client.send("POST /up HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n")
        server.pass(.seconds(60))
        #expect(try client.output() == "")
        server.answer(0, ["body_wanted": 100])
        #expect(try client.output() == "HTTP/1.1 100 Continue\r\n\r\n")
        server.pass(.seconds(10))
        #expect(try client.output().hasPrefix("HTTP/1.1 408 "))
    }

    @Test("I21") func theTimeOfAWholeAnswerBeginsWithTheBodysEnd() throws {
        let server = self.server {
            $0.answerTimeout = .seconds(10)
            $0.minBodyRate = 0
        }
        let client = try server.connect()
        try client.send(self.post(20) + "1")
        server.answer(0, ["body_wanted": 100])
        server.pass(.seconds(15))
        try client.send("234567890123456789")
        server.pass(.seconds(15))
        try client.send("0")
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        server.pass(.seconds(9))
        #expect(client.isOpen)
        server.pass(.seconds(1))
        #expect(!client.isOpen)
        #expect(server.core.counters.timesOver == [.answer: 1])
    }

    @Test("I30") func aClientThatEndsBehindItsBodyIsAnswered() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(12) + "123456789012")
        ClientEndTests.ended(client)
        server.answer(0, ["body_wanted": 100])
        #expect(server.layer.bodyPieces.last?.message["more_content"]?.bool != true)
        server.answer(0, ["status": 200, "content": "hello"])
        #expect(try client.output().hasSuffix("hello"))
        #expect(!client.isOpen && server.layer.disconnects.isEmpty)
    }

    @Test("I30, I43") func aClientThatEndsWithinItsBodyIsRefused() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(self.post(20) + "12")
        server.answer(0, ["body_wanted": 100])
        ClientEndTests.ended(client)
        #expect(try client.output().contains("The request is not complete.\n"))
        #expect(!client.isOpen && self.isBrokenOff(server))
        #expect(server.core.counters.badRequests == 1)
    }

    @Test("I43") func chunksWithLittleInThemAreRefused() throws {
        let server = self.server()
        let client = try server.connect()
        try client.send(Self.chunked)
        for _ in 0..<9 { try client.send("1\r\nx\r\n") }
        server.answer(0, ["body_wanted": 100])
        for _ in 0..<30 { try client.send("1;" + String(repeating: "e", count: 1_000) + "\r\nx\r\n") }
        #expect(try client.output().contains("The chunks of the body hold too little.\n"))
        #expect(self.isBrokenOff(server))
    }

    @Test("I43") func trailersThatAreTooManyEndIt() throws {
        let server = self.server { $0.maxRequestFields = 5 }
        let client = try server.connect()
        try client.send(Self.chunked + "9\r\n123456789\r\n")
        server.answer(0, ["body_wanted": 100])
        try client.send("0\r\n" + String(repeating: "x: y\r\n", count: 5) + "\r\n")
        #expect(try client.output().hasPrefix("HTTP/1.1 431 "))
        #expect(self.isBrokenOff(server))
    }
}
