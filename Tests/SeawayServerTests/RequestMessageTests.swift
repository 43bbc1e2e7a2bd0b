import NIOCore
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("http.request (I1, I5 to I9)") struct RequestMessageTests {
    @Test func everyFieldIsThere() throws {
        let server = EmbeddedServer { $0.rootPath = "/site" }
        let client = try server.connect()
        try client.send(
            "POST /a%20b?c=d HTTP/1.1\r\nHost: localhost:8000\r\nX-Two: 2\r\nx-two: 3\r\nContent-Length: 5\r\n\r\nhello"
        )
        let request = try #require(server.layer.requests.first)
        let reply = try #require(request["reply_channel"]?.string)
        #expect(reply.hasPrefix(server.core.mailboxName))
        #expect(
            request == [
                "reply_channel": .string(reply), "http_version": "1.1", "method": "POST", "scheme": "http",
                "path": "/a b", "raw_path": .bytes(Array("/a%20b".utf8)), "query_string": .bytes(Array("c=d".utf8)),
                "root_path": "/site",
                "headers": [
                    ["host", "localhost:8000"], ["x-two", "2"], ["x-two", "3"], ["content-length", "5"],
                ].asFields,
                "client": ["192.0.2.7", 50_312], "server": ["127.0.0.1", 8_000], "body": .bytes(Array("hello".utf8)),
            ])
    }

    @Test func theMailboxIsRandomAndListenedOnOnce() throws {
        let names = try (0..<20).map { _ in
            let server = EmbeddedServer()
            _ = try server.connect()
            _ = try server.connect()
            #expect(server.layer.mailboxes == [server.core.mailboxName])
            return server.core.mailboxName
        }
        #expect(Set(names).count == 20)
        #expect(names.allSatisfy { $0.wholeMatch(of: /http\.response\.[a-z0-9]{8,}!/) != nil })
    }

    @Test func noNameTellsAnother() throws {
        let server = EmbeddedServer { $0.bodyInline = 1 }
        let client = try server.connect()
        for _ in 0..<5 { try client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi") }
        let names = server.layer.requests.flatMap { request in
            ["reply_channel", "body_channel"].compactMap { request[$0]?.string }
        }
        #expect(names.count == 10)
        let parts = names.compactMap { $0.wholeMatch(of: /http\.(response|request\.body)\.?.*[!.]\d+\.([\w-]{16})/)?.2 }
        #expect(parts.count == 10 && Set(parts).count == 10)
    }

    @Test func aChunkedBodyGetsItsTrueLengthAndLosesItsTrailers() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send(
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx: y\r\n\r\n"
        )
        let request = try #require(server.layer.requests.first)
        #expect(request["body"] == .bytes(Array("abcde".utf8)))
        #expect(request["headers"] == [["host", "a"], ["content-length", "5"]].asFields)
    }

    @Test func theHostOfAnAbsoluteTargetReplacesTheField() throws {
        let routes = try Routes<RequestRoute>(["b.example/=http.request.b"])
        let server = EmbeddedServer { $0.routes = routes }
        let client = try server.connect()
        try client.send("GET http://b.example/x HTTP/1.1\r\nhost: a\r\n\r\n")
        #expect(server.layer.sent.first?.channel == "http.request.b")
        #expect(server.layer.requests.first?["headers"] == [["host", "b.example"]].asFields)
    }

    @Test func aValueThatIsNotUTF8IsRepaired() throws {
        let server = EmbeddedServer()
        let client = try server.connect()
        try client.send(Array("GET / HTTP/1.0\r\nx: a".utf8) + [0xE9] + Array("b\r\n\r\n".utf8))
        #expect(server.layer.requests.first?["headers"] == [["x", "a\u{FFFD}b"]].asFields)
        #expect(server.layer.requests.first?["http_version"] == "1.0")
    }

    @Test("I6, I9") func theLargestBodyFits() throws {
        let server = EmbeddedServer { $0.bodyInline = 1_048_576 }
        let client = try server.connect()
        try client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1048576\r\n\r\n")
        for _ in 0..<64 { try client.send([UInt8](repeating: 0x78, count: 16_384)) }
        let request = try #require(server.layer.requests.first)
        #expect(request["body"]?.bytes?.count == 1_048_576)
        #expect(request.payload.count <= 2_097_152)
    }
}

extension Array where Element == [String] {
    /// Names and values as the message holds them.
    var asFields: Value { .list(self.map { .list($0.map { .bytes([UInt8]($0.utf8)) }) }) }
}
