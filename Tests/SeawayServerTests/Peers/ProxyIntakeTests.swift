import SeawayMessage
import SeawayNIO
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// Connections that begin with a header of the PROXY protocol (I62, I63), and how many an address may have (I68).
@Suite struct ProxyIntakeTests {
    private static let line = "PROXY TCP4 198.51.100.1 203.0.113.1 4711 443\r\n"
    private static let request = "GET /moon HTTP/1.1\r\nhost: a\r\n\r\n"

    private func server(
        log: LogLines = LogLines(), trusted: String = "192.0.2.7",
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> EmbeddedServer {
        let peers = try TrustedPeers(trusted)
        return EmbeddedServer(log: log) {
            $0.forwarding.trusted = peers
            $0.takesProxyHeaders = true
            configure(&$0)
        }
    }

    @Test("I62", arguments: [1, 7, 1_000]) func theClientIsWhomTheHeaderNames(pieces: Int) throws {
        let server = try self.server()
        let client = try server.connect()
        let bytes = Array((Self.line + Self.request).utf8)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            try client.send(Array(bytes[start..<min(start + pieces, bytes.count)]))
        }
        let request = try #require(server.layer.requests.first)
        #expect(request["client"] == ["198.51.100.1", 4_711] && request["server"] == ["203.0.113.1", 443])
        server.answer(0, ["status": 200, "content": "moon"])
        #expect(try client.output().hasSuffix("moon"))
        // The connection is one like any other from now on.
        try client.send(Self.request)
        #expect(server.layer.requests.last?["client"] == ["198.51.100.1", 4_711])
        #expect(server.core.counters.proxyHeaders == 1 && server.core.counters.connections == 1)
        #expect(server.core.counters.openConnections == 1)
    }

    @Test("I62") func aHeaderOfTheProxyItselfChangesNothing() throws {
        let server = try self.server()
        let client = try server.connect()
        try client.send(ProxyHeaderBytes.local)
        try client.send(Self.request)
        #expect(server.layer.requests.first?["client"] == ["192.0.2.7", 50_312])
    }

    @Test("I62") func whoeverIsNoProxyHasNoHeader() throws {
        let server = try self.server()
        let client = try server.connect(from: "192.0.2.8")
        try client.send(Self.request)
        #expect(server.layer.requests.first?["client"] == ["192.0.2.8", 50_312])
        let liar = try server.connect(from: "192.0.2.8")
        try liar.send(Self.line + Self.request)
        #expect(try liar.output().hasPrefix("HTTP/1.1 ") && !liar.isOpen && server.layer.requests.count == 1)
    }

    @Test("I62, I63", arguments: [request, "PROXY TCP4 a b 1 2\r\n", "\r\n\r\n\u{0}x"])
    func whatIsNoHeaderEndsTheConnection(text: String) throws {
        let log = LogLines()
        let server = try self.server(log: log)
        let client = try server.connect()
        try client.send(text)
        #expect(try !client.isOpen && client.output() == "")
        #expect(server.core.counters.malformedProxyHeaders == 1 && server.core.counters.openConnections == 0)
        #expect(log.lines.count == 1 && log.lines[0].hasPrefix("no PROXY header peer=192.0.2.7 why="))
    }

    @Test("I63") func aHeaderHasItsTime() throws {
        let server = try self.server { $0.proxyHeaderTimeout = .seconds(3) }
        let client = try server.connect()
        try client.send("PROXY TCP4 ")
        server.pass(.milliseconds(2_999))
        #expect(client.isOpen)
        server.pass(.milliseconds(1))
        #expect(!client.isOpen && server.core.counters.slowProxyHeaders == 1)
        // One that goes by itself was most likely a check of whether somebody is there.
        try server.connect().leave()
        #expect(server.core.counters.slowProxyHeaders == 1 && server.core.counters.malformedProxyHeaders == 0)
    }

    @Test("I63") func aConnectionThatOwesItsHeaderHasAPlace() throws {
        let server = try self.server { $0.maxConnections = 1 }
        let silent = try server.connect()
        // Which it gives to a newcomer, since it has asked for nothing (I34).
        let first = try server.connect()
        #expect(!silent.isOpen && first.isOpen)
        try first.send(Self.line)
        try first.send(Self.request)
        #expect(server.layer.requests.count == 1)
        #expect(try !server.connect().isOpen)
        // What holds the place ends with the server's grace like any other.
        first.leave()
        server.run()
        let last = try server.connect()
        let isLeft = Flag(server.core.drain())
        #expect(last.isOpen && !isLeft.isSet)
        server.core.abort()
        server.run()
        #expect(!last.isOpen && isLeft.isSet)
    }

    @Test("I25", arguments: ["", "PRI * HT"]) func aServerThatLeavesWaitsForOneThatHasJustCome(before: String) throws {
        let server = try self.server { $0.http2.isTakenInClear = true }
        let asking = try server.connect()
        let silent = try server.connect()
        let straight = try server.connect(from: "192.0.2.8")
        try straight.send(before)
        let isLeft = Flag(server.core.drain())
        server.pass(.milliseconds(750))
        #expect(asking.isOpen && silent.isOpen && straight.isOpen)
        try asking.send(Self.line + Self.request)
        #expect(server.layer.requests.count == 1)
        server.pass(.milliseconds(250))
        #expect(asking.isOpen && !silent.isOpen && !straight.isOpen && !isLeft.isSet)
        server.answer(0, ["status": 200, "content": "moon"])
        #expect(try asking.output().contains("\r\nconnection: close\r\n") && !asking.isOpen)
        server.run()
        #expect(isLeft.isSet)
    }

    @Test("I68") func anAddressHasSoManyConnections() throws {
        let server = EmbeddedServer { $0.maxConnectionsPerAddress = 2 }
        let some = [try server.connect(), try server.connect(), try server.connect()]
        let told = try some[2].output()
        #expect(told.hasPrefix("HTTP/1.1 503 ") && told.contains("\r\nretry-after: ") && !some[2].isOpen)
        #expect(some[0].isOpen && some[1].isOpen)
        #expect(try server.connect(from: "192.0.2.8").isOpen)
        some[0].leave()
        server.run()
        #expect(try server.connect().isOpen)
        #expect(server.core.counters.refusedOfAddress == 1 && server.core.counters.openConnections == 3)
        // A /64 is one address.
        let six = try (0..<3).map { try server.connect(from: "2001:db8::\($0)") }
        #expect(six.map(\.isOpen) == [true, true, false])
    }

    @Test("I68") func aProxysConnectionsAreThoseOfItsClients() throws {
        let server = try self.server { $0.maxConnectionsPerAddress = 1 }
        let some = [try server.connect(), try server.connect(), try server.connect()]
        for client in some.prefix(2) { try client.send(Self.line) }
        try some[2].send(ProxyHeaderBytes.local)
        #expect(some.map(\.isOpen) == [true, false, true])
        // Without a header they are not counted at all.
        let plain = try self.server {
            $0.takesProxyHeaders = false
            $0.maxConnectionsPerAddress = 1
        }
        #expect(try (0..<3).map { _ in try plain.connect().isOpen } == [true, true, true])
    }

    @Test("I21") func whoeverIsToldThatThereIsNoRoomIsToldWhenToComeAgain() {
        for answer in ErrorAnswer.allCases {
            #expect((answer.status == 503) == answer.fields.contains { $0.name == "retry-after" }, "\(answer)")
        }
    }
}

private enum ProxyHeaderBytes {
    /// Version 2, LOCAL.
    static let local: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x20, 0, 0, 0]
}
