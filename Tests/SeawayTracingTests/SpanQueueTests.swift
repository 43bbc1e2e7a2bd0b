import Foundation
import SeawayLog
import SeawayTracing
import Testing

@Suite struct SpanQueueTests {
    private func span(_ number: UInt64) -> FinishedSpan {
        FinishedSpan(
            "GET \(number)", .server, TraceContext(traceID: (1, 2), spanID: number, isSampled: true), parent: nil,
            start: 10, end: 20)
    }

    @Test func whatFindsNoRoomIsCounted() {
        var queue = SpanQueue(limit: 3, batch: 2)
        #expect([1, 2, 3, 4].map { queue.add(self.span($0)) } == [false, true, false, false])
        #expect(queue.take().map(\.name) == ["GET 1", "GET 2"])
        #expect(queue.take().map(\.name) == ["GET 3"])
        #expect(queue.take().isEmpty)
        queue.wereSent(2)
        queue.failed(1)
        #expect(queue.counts.full == 1 && queue.counts.sent == 2 && queue.counts.failed == 1)
    }

    @Test func theDocumentIsThatOfOTLP() throws {
        var span = self.span(0xAB)
        span.parent = 0xCD
        span.failure = "status \"500\"\n"
        span.attributes = [
            .init("url.path", .text("/a\nb")), .init("n", .integer(.max)), .init("d", .decimal(0.5)),
            .init("nan", .decimal(.nan)), .init("b", .bool(true)),
        ]
        let document = OTLPDocument(resource: [.init("service.name", .text("seaway"))])
        let body = document.body(of: [span, self.span(2)])
        let object = try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        let resource = try #require((object["resourceSpans"] as? [[String: Any]])?.first)
        let spans = try #require((resource["scopeSpans"] as? [[String: Any]])?.first?["spans"] as? [[String: Any]])
        #expect(spans.count == 2)
        let first = spans[0]
        #expect(first["traceId"] as? String == "00000000000000010000000000000002")
        #expect(
            first["spanId"] as? String == "00000000000000ab" && first["parentSpanId"] as? String == "00000000000000cd")
        #expect(first["kind"] as? Int == 2 && first["startTimeUnixNano"] as? String == "10")
        #expect((first["status"] as? [String: Any])?["code"] as? Int == 2)
        let attributes = try #require(first["attributes"] as? [[String: Any]])
        let values = Dictionary(
            uniqueKeysWithValues: attributes.map { ($0["key"] as? String ?? "", $0["value"] as? [String: Any] ?? [:]) })
        #expect(values["url.path"]?["stringValue"] as? String == "/a\nb")
        // 64 bits do not fit into a number of JSON.
        #expect(values["n"]?["intValue"] as? String == "9223372036854775807")
        #expect(values["d"]?["doubleValue"] as? Double == 0.5 && values["nan"]?["stringValue"] as? String == "nan")
        #expect(values["b"]?["boolValue"] as? Bool == true)
        #expect(spans[1]["parentSpanId"] == nil && spans[1]["status"] == nil)
    }

    @Test(arguments: [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"), ("https://a/", "https://a/v1/traces"),
        ("http://a:1/v1/traces", "http://a:1/v1/traces"), ("http://a/otlp", "http://a/otlp/v1/traces"),
        ("a:4318", nil), ("ftp://a", nil), ("http://", nil), ("http://a?x=1", nil), ("", nil),
    ])
    func aCollectorIsAURL(endpoint: String, url: String?) {
        #expect(OTLPConfiguration(endpoint: endpoint)?.url == url)
    }
}
