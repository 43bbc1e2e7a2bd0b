import SeawayMessage
import SeawayNIO
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// Who is trusted to say who clients are (I64 to I67).
@Suite struct ForwardingTests {
    private static let proxies = ["10.0.0.0/8", "2001:db8:a::/48", "192.0.2.7"]

    private func server(
        _ family: Forwarding.Family, host: Bool = false, trusted: [String] = proxies,
        _ configure: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> EmbeddedServer {
        var forwarding = Forwarding()
        forwarding.family = family
        forwarding.believesHost = host
        for text in trusted { forwarding.trusted += try TrustedPeers(text) }
        return EmbeddedServer {
            $0.forwarding = forwarding
            configure(&$0)
        }
    }

    private func ask(_ server: EmbeddedServer, _ fields: String, from address: String = "192.0.2.7") throws -> Message {
        let client = try server.connect(from: address)
        try client.get("/", fields)
        return try #require(server.layer.requests.last)
    }

    @Test(
        "I65",
        arguments: [
            ("", "192.0.2.7", 50_312), ("forwarded: for=198.51.100.1\r\n", "198.51.100.1", 0),
            (#"forwarded: for="198.51.100.1:4711""# + "\r\n", "198.51.100.1", 4_711),
            (#"forwarded: for="[2001:db8::1]:80""# + "\r\n", "2001:db8::1", 80),
            // Of several, the one that the last who is trusted has seen.
            ("forwarded: for=203.0.113.9, for=198.51.100.1, for=10.0.0.1\r\n", "198.51.100.1", 0),
            (
                "forwarded: for=203.0.113.9\r\nforwarded: for=198.51.100.1\r\nforwarded: for=10.1.1.1\r\n",
                "198.51.100.1", 0
            ),
            // All of them are trusted: the first.
            ("forwarded: for=10.0.0.3, for=10.0.0.2\r\n", "10.0.0.3", 0),
            // Nobody is named: whoever is known is the last.
            ("forwarded: for=unknown, for=10.0.0.2\r\n", "10.0.0.2", 0), ("forwarded: for=_a\r\n", "192.0.2.7", 50_312),
            ("forwarded: for=198.51.100.1, for=_a\r\n", "192.0.2.7", 50_312),
            ("forwarded: for=198.51.100.1, nonsense, for=10.0.0.2\r\n", "10.0.0.2", 0),
            ("forwarded: proto=https\r\n", "192.0.2.7", 50_312), ("forwarded: ,, ,\r\n", "192.0.2.7", 50_312),
            ("x-forwarded-for: 198.51.100.1\r\n", "192.0.2.7", 50_312),
        ])
    func theClientIsTheFirstWhoIsNotTrusted(fields: String, client: String, port: Int) throws {
        let request = try self.ask(try self.server(.forwarded), fields)
        #expect(request["client"] == [.string(client), .int(Int64(port))])
    }

    @Test(
        "I65",
        arguments: [
            ("x-forwarded-for: 198.51.100.1\r\n", "198.51.100.1"),
            ("x-forwarded-for: 203.0.113.9, 198.51.100.1, 10.0.0.1\r\n", "198.51.100.1"),
            ("x-forwarded-for: 203.0.113.9\r\nX-Forwarded-For: 198.51.100.1,10.0.0.1\r\n", "198.51.100.1"),
            ("x-forwarded-for: 2001:db8::1\r\n", "2001:db8::1"),
            ("x-forwarded-for: [2001:db8::1]:80\r\n", "2001:db8::1"),
            ("x-forwarded-for: 198.51.100.1, unknown\r\n", "192.0.2.7"),
            ("x-forwarded-for: 198.51.100.1, a.example\r\n", "192.0.2.7"), ("x-forwarded-for: \r\n", "192.0.2.7"),
            ("x-forwarded-for: , ,198.51.100.1,,\r\n", "198.51.100.1"),
            ("forwarded: for=198.51.100.1\r\n", "192.0.2.7"),
        ])
    func theOlderFieldsSayTheSame(fields: String, client: String) throws {
        let request = try self.ask(try self.server(.xForwarded), fields)
        #expect(request["client"]?.list?.first == .string(client))
    }

    @Test(
        "I66",
        arguments: [
            ("x-forwarded-proto: https\r\n", "https"), ("x-forwarded-proto: WSS\r\n", "https"),
            ("x-forwarded-proto: gopher\r\n", "http"), ("", "http"),
            ("x-forwarded-for: 198.51.100.1\r\nx-forwarded-proto: http, https\r\n", "https"),
            ("x-forwarded-for: 198.51.100.1, 10.0.0.1\r\nx-forwarded-proto: https, http\r\n", "https"),
            ("x-forwarded-for: 198.51.100.1, 10.0.0.1\r\nx-forwarded-proto: https\r\n", "https"),
            // What a client has said to the first proxy is not the proxy's word.
            ("x-forwarded-for: 203.0.113.9, 198.51.100.1\r\nx-forwarded-proto: https, http\r\n", "http"),
        ])
    func theSchemeIsThatOfTheClient(fields: String, scheme: String) throws {
        #expect(try self.ask(try self.server(.xForwarded), fields)["scheme"] == .string(scheme))
    }

    @Test("I66") func aSchemeStandsBesideItsAddress() throws {
        let server = try self.server(.forwarded)
        let way = "for=198.51.100.1;proto=https, for=10.0.0.2;proto=http"
        #expect(try self.ask(server, "forwarded: \(way)\r\n")["scheme"] == "https")
        #expect(try self.ask(server, "forwarded: for=198.51.100.1, for=10.0.0.2;proto=https\r\n")["scheme"] == "https")
    }

    @Test(
        "I66",
        arguments: [
            ("x-forwarded-host: b.example\r\n", "b.example"), ("x-forwarded-host: b.example:81\r\n", "b.example:81"),
            ("x-forwarded-host: b.example\r\nx-forwarded-port: 81\r\n", "b.example:81"),
            ("x-forwarded-host: b.example\r\nx-forwarded-port: 443\r\nx-forwarded-proto: https\r\n", "b.example"),
            ("x-forwarded-host: [::1]\r\nx-forwarded-port: 81\r\n", "[::1]:81"),
            ("x-forwarded-host: b.example\r\nx-forwarded-port: 0\r\n", "b.example"),
            ("x-forwarded-host: a b\r\n", "localhost"), ("x-forwarded-host: u@b.example\r\n", "localhost"),
            ("x-forwarded-port: 81\r\n", "localhost"), ("", "localhost"),
        ])
    func theHostIsTakenWhereThatIsAsked(fields: String, host: String) throws {
        let routes = try Routes<RequestRoute>(["b.example/=http.request.b"])
        let server = try self.server(.xForwarded, host: true) { $0.routes = routes }
        let request = try self.ask(server, fields)
        let hosts = request["headers"]?.list?.filter { $0.list?.first == .bytes(Array("host".utf8)) }
        #expect(hosts == [.list([.bytes(Array("host".utf8)), .bytes(Array(host.utf8))])])
        #expect((server.layer.sent.last?.channel == "http.request.b") == host.hasPrefix("b.example"))
        let careful = try self.server(.xForwarded) { $0.routes = routes }
        _ = try self.ask(careful, fields)
        #expect(careful.layer.sent.last?.channel == "http.request")
    }

    @Test("I66") func aRequestWithoutItsOwnHostIsRefusedAllTheSame() throws {
        let server = try self.server(.xForwarded, host: true)
        let client = try server.connect()
        try client.send("GET / HTTP/1.1\r\nx-forwarded-host: b.example\r\n\r\n")
        #expect(try client.output().hasPrefix("HTTP/1.1 400 "))
    }

    private static let all =
        "forwarded: for=203.0.113.1\r\nX-Forwarded-For: 203.0.113.1\r\nx-forwarded-proto: https\r\nX-Real-IP: 203.0.113.1\r\nx-other: a\r\n"

    @Test(
        "I67",
        arguments: [
            (Forwarding.Family.forwarded, "192.0.2.7", ["host", "forwarded", "x-other"]),
            (.forwarded, "192.0.2.8", ["host", "x-other"]),
            (.xForwarded, "192.0.2.7", ["host", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "x-other"]),
            (.xForwarded, "192.0.2.8", ["host", "x-other"]),
            (
                .none, "192.0.2.8",
                ["host", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-real-ip", "x-other"]
            ),
        ])
    func whatAStrangerSaysOfHimselfIsPassedOnOnlyWhereNobodyIsTrusted(
        family: Forwarding.Family, from address: String, names: [String]
    ) throws {
        let request = try self.ask(try self.server(family), Self.all, from: address)
        let kept = request["headers"]?.list?.compactMap { $0.list?.first?.bytes }.map {
            String(decoding: $0, as: UTF8.self)
        }
        #expect(kept == names)
        if address == "192.0.2.8" {
            #expect(request["client"] == ["192.0.2.8", 50_312] && request["scheme"] == "http")
        }
    }

    @Test("I67") func theConnectionStaysOpenAsItsOwnFieldsSay() throws {
        let server = try self.server(.xForwarded)
        let client = try server.connect(from: "192.0.2.8")
        try client.send("GET / HTTP/1.0\r\nconnection: keep-alive\r\nx-forwarded-for: a\r\n\r\n")
        server.answer(0, ["status": 200])
        #expect(try client.output().contains("connection: keep-alive\r\n") && client.isOpen)
    }

    @Test("I65, I68") func aWebSocketIsItsClients() throws {
        var forwarding = Forwarding()
        forwarding.family = .forwarded
        forwarding.trusted = try TrustedPeers("192.0.2.7")
        let site = SocketSite {
            $0.forwarding = forwarding
            $0.sockets.maxPerAddress = 1
        }
        let fields = "forwarded: for=198.51.100.1;proto=https\r\n"
        let first = try site.ask("/live", fields)
        let connect = try #require(site.events().first?.message)
        #expect(connect["client"] == ["198.51.100.1", 0] && connect["scheme"] == "wss")
        #expect(try site.ask("/live", fields).status() == 429)
        _ = try site.ask("/live", "forwarded: for=198.51.100.2\r\n")
        // The proxy itself stands for many.
        _ = try site.ask("/live")
        _ = try site.ask("/live")
        #expect(site.events().count == 3)
        #expect(site.log.lines == ["WebSocket refused client=198.51.100.1 why=too many of one address"])
        // A /64 is one client.
        _ = try site.ask("/live", #"forwarded: for="[2001:db8::1]""# + "\r\n")
        #expect(try site.ask("/live", #"forwarded: for="[2001:db8::2]""# + "\r\n").status() == 429)
        first.leave()
        #expect(try site.ask("/live", fields).status() == 0)
    }

    @Test("I65") func theAccessLogNamesTheClient() throws {
        var forwarding = Forwarding()
        forwarding.family = .forwarded
        forwarding.trusted = try TrustedPeers("192.0.2.7")
        let log = LogLines()
        let server = EmbeddedServer(log: log) {
            $0.forwarding = forwarding
            $0.accessLog = log.access()
        }
        _ = try self.ask(server, "forwarded: for=198.51.100.1\r\n")
        server.answer(0, ["status": 200])
        #expect(log.lines.count == 1 && log.lines[0].contains(" client=198.51.100.1 "))
    }
}
