import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import Synchronization
import TestSupport
import Testing

@Suite("Limits and times (section 7)") struct LimitTests {
    static let hello: Message = ["status": 200, "content": "hello"]

    @Test(
        "I21",
        arguments: [
            ("NONSENSE\r\n\r\n", 400), ("GET / HTTP/2.0\r\n\r\n", 400), ("\u{16}\u{03}\u{01}\u{02}\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
            ("GET /%00 HTTP/1.1\r\nhost: a\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n", 400),
            ("GET / HTTP/1.1\r\nhost: a\r\nx : y\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", 426),
            ("CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n\r\n", 501),
            ("OHAI / HTTP/1.1\r\nhost: a\r\n\r\n", 501), ("get / HTTP/1.1\r\nhost: a\r\n\r\n", 501),
            ("VERSION-CONTROL /a?b HTTP/1.1\r\nhost: a\r\n\r\n", 501),
            ("DESCRIBE / HTTP/1.1\r\nhost: a\r\n\r\n", 501), ("G\u{1}T / HTTP/1.1\r\nhost: a\r\n\r\n", 400),
            ("OHAI /\r\n\r\n", 400), ("OHAI / FTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nhost: a b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nhost: u@a\r\n\r\n", 400),
            ("GET http://u@a/ HTTP/1.1\r\nhost: a\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5, 5\r\n\r\nhello", 400),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, gzip\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n", 501),
            ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741825\r\n\r\n", 413),
            ("GET / HTTP/1.1\r\nhost: a\r\nx: \(String(repeating: "x", count: 32_768))\r\n\r\n", 431),
            ("GET /\(String(repeating: "x", count: 32_768)) HTTP/1.1\r\nhost: a\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\n\(String(repeating: "x: y\r\n", count: 101))\r\n", 431),
        ])
    func whatTheServerCannotTakeItRefuses(request: String, status: Int) throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send(request + "GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        let output = try client.output()
        #expect(output.hasPrefix("HTTP/1.1 \(status) "))
        #expect(output.contains("\r\nconnection: close\r\n"))
        #expect(output.ranges(of: "\r\ndate: ").count == 1)
        #expect(!client.isOpen)
        #expect(server.layer.requests.isEmpty && server.layer.disconnects.isEmpty)
    }

    @Test("I20, I21") func aRefusalWaitsForTheAnswersBeforeIt() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        try client.send("NONSENSE\r\n\r\n")
        #expect(client.isOpen)
        server.answer(0, Self.hello)
        #expect(try client.output().contains("helloHTTP/1.1 400 "))
        #expect(!client.isOpen)
    }

    @Test("I20, I21") func aRefusalWaitsForRequestsThatHaveNoPlaceYet() throws {
        let server = EmbeddedServer { $0.maxPipelined = 2 }
        let client = try server.connect()
        try client.send(String(repeating: "GET / HTTP/1.1\r\nhost: a\r\n\r\n", count: 5) + "NONSENSE\r\n\r\n")
        for number in 0..<5 {
            #expect(server.layer.requests.count == min(number + 2, 5) && client.isOpen)
            server.answer(number, Self.hello)
        }
        let output = try client.output()
        #expect(output.ranges(of: "HTTP/1.1 200 ").count == 5 && output.contains("helloHTTP/1.1 400 "))
        #expect(!client.isOpen)
    }

    @Test("I9") func aChunkedBodyIsRefusedWhenItPassesTheLimit() throws {
        let server = EmbeddedServer { $0.maxRequestBody = 8 }
        let client = try server.connect()
        try client.send("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n8\r\n12345678\r\n")
        #expect(try client.output() == "")
        try client.send("1\r\n9\r\n")
        #expect(try client.output().hasPrefix("HTTP/1.1 413 "))
        #expect(server.core.counters.tooLarge == 1)
    }

    @Test func bodiesInReceptionAreBoundedTogether() throws {
        let server = EmbeddedServer { $0.maxBufferedBodies = 10 }
        let clients = [try server.connect(), try server.connect(), try server.connect()]
        let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\n"
        try clients[0].send(head + "12345")
        try clients[1].send(head + "12345")
        try clients[2].send(head + "1")
        #expect(try clients[2].output().hasPrefix("HTTP/1.1 503 "))
        // What one gives back another may take.
        clients[0].leave()
        let late = try server.connect()
        try late.send(head + "12")
        try clients[1].send("678")
        try late.send("345678")
        #expect(server.layer.requests.count == 2)
        #expect(server.core.counters.noRoomForBody == 1)
    }

    /// The decoder takes nothing behind a request for another protocol, and keeps what comes for whoever speaks it.
    @Test("I24") func whatComesBehindAnUpgradeIsBounded() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get("/", "connection: upgrade\r\nupgrade: h2c\r\n")
        #expect(server.layer.requests.count == 1)
        var sent = 0
        while client.isOpen, sent < 10 {
            try? client.send(Array(repeating: 0, count: 32_768))
            sent += 1
        }
        #expect(!client.isOpen && sent == 4)
    }

    @Test func connectionsAreBounded() throws {
        let server = EmbeddedServer { $0.maxConnections = 2 }
        var clients = [try server.connect(), try server.connect()]
        for client in clients { try client.get() }
        clients.append(try server.connect())
        #expect(try clients[2].output().hasPrefix("HTTP/1.1 503 "))
        #expect(!clients[2].isOpen)
        clients[0].leave()
        #expect(try server.connect().isOpen)
        #expect(server.core.counters.refusedConnections == 1)
        #expect(server.core.counters.openConnections == 2)
    }

    @Test func slowClientsAreNotWaitedForWithoutEnd() throws {
        let server = EmbeddedServer()
        let silent = try server.connect()
        let head = try server.connect()
        let body = try server.connect()
        try head.send("GET / HTTP/1.1\r\nhos")
        try body.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 8\r\n\r\n1")
        server.pass(.seconds(19))
        #expect(body.isOpen)
        server.pass(.seconds(1))
        #expect(try body.output().hasPrefix("HTTP/1.1 408 "))
        server.pass(.seconds(9))
        #expect(silent.isOpen && head.isOpen)
        server.pass(.seconds(1))
        #expect(try !silent.isOpen && silent.output() == "")
        #expect(try !head.isOpen && head.output().hasPrefix("HTTP/1.1 408 "))
        #expect(server.core.counters.slowRequests == 2)
        #expect(server.core.counters.timesOver == [.body: 1, .head: 2])
    }

    @Test func anIdleConnectionIsClosed() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.pass(.seconds(100))
        server.answer(0, Self.hello)
        server.pass(.seconds(74))
        #expect(client.isOpen)
        server.pass(.seconds(1))
        #expect(!client.isOpen)
    }

    @Test("I19") func aSlowClientHoldsBackItsOwnChannelOnly() throws {
        let server = EmbeddedServer()
        let slow = try server.connect()
        let quick = try server.connect()
        try slow.get()
        try quick.get()
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        #expect(server.layer.paused.isEmpty)
        slow.becomeSlow(true)
        server.answer(0, ["content": "2", "more_content": true])
        server.answer(0, ["content": "3", "more_content": true])
        #expect(server.layer.paused == [try #require(server.layer.replyChannel(0))])
        server.answer(1, Self.hello)
        #expect(try quick.output().hasSuffix("hello"))
        // I21: while the client is late the worker is not.
        server.pass(.seconds(59))
        slow.becomeSlow(false)
        #expect(server.layer.resumed == server.layer.paused)
        server.pass(.seconds(119))
        #expect(slow.isOpen)
        server.answer(0, ["content": "4"])
        #expect(try slow.output().hasSuffix("1\r\n4\r\n0\r\n\r\n"))
        #expect(server.core.counters.pauses == 1)
    }

    @Test("I19") func aClientThatTakesNothingIsDisconnected() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.get()
        server.answer(0, ["status": 200, "content": "1", "more_content": true])
        client.becomeSlow(true)
        server.answer(0, ["content": "2", "more_content": true])
        server.pass(.seconds(59))
        #expect(client.isOpen)
        server.pass(.seconds(1))
        #expect(!client.isOpen)
        #expect(server.core.counters.stalledClients == 1)
        #expect(server.layer.disconnects.count == 1)
    }

    @Test("I19, I20") func anAnswerThatWaitsForItsTurnIsHeldBackToo() throws {
        let server = EmbeddedServer { $0.maxUnsent = 10 }
        let client = try server.connect()
        try client.get()
        try client.get()
        server.answer(1, ["status": 200, "content": "1", "more_content": true])
        let second = try #require(server.layer.replyChannel(1))
        #expect(server.layer.paused == [second])
        server.answer(0, Self.hello)
        #expect(server.layer.resumed == [second])
        server.answer(1, ["content": "2"])
        #expect(try client.output().hasSuffix("1\r\n2\r\n0\r\n\r\n"))
    }

    @Test("I25") func aServerThatLeavesAnswersWhatIsUnderWay() throws {
        let server = EmbeddedServer()
        let idle = try server.connect()
        let busy = try server.connect()
        let half = try server.connect()
        try busy.get()
        try busy.get()
        try half.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n1")
        let new = try server.connect()
        server.pass(.milliseconds(500))
        let left = server.core.drain()
        let isDone = Mutex(false)
        left.whenSuccess { isDone.withLock { $0 = true } }
        // Its request may be on its way.
        #expect(idle.isOpen && new.isOpen)
        server.pass(.milliseconds(499))
        try new.send("GET / HTTP/1.1\r\nhost: a\r\n")
        server.pass(.milliseconds(1))
        #expect(!idle.isOpen && new.isOpen)
        try new.send("\r\n")
        server.answer(2, Self.hello)
        #expect(try new.output().contains("connection: close"))
        server.answer(0, Self.hello)
        #expect(try !busy.output().contains("connection: close"))
        server.answer(1, Self.hello)
        #expect(try busy.output().contains("connection: close"))
        #expect(!busy.isOpen)
        #expect(!isDone.withLock { $0 })
        try half.send("2")
        server.answer(3, Self.hello)
        #expect(try half.output().contains("connection: close"))
        server.pass(.zero)
        #expect(isDone.withLock { $0 })
        _ = server.core.stopListening()
        #expect(server.layer.stopped == 1)
    }
}
