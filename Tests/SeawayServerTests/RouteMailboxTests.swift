import SeawayMessage
import SeawayServer
import SeawayTesting
import Testing

/// The mailboxes of routes (protocol/INTERFACE.md, I2).
@Suite struct RouteMailboxTests {
    @Test("I2") func eachChannelHasItsOwnAndNumbersSayWhich() throws {
        let routes = try Routes<RequestRoute>(["/a=http.request.a", "/b=http.request.b", "/c=http.request.a"])
        let boxes = RouteMailboxes(routes)
        #expect(boxes.count == 3)
        let indices = ["/a", "/b", "/c", "/"].map { boxes.index(of: routes.match(host: nil, path: $0)) }
        #expect(indices[0] == indices[2] && Set(indices) == [0, 1, 2] && indices[3] == 0)
        var seen: Set<UInt64> = []
        for drawn in 1...10 as ClosedRange<UInt64> {
            for box in 0..<3 {
                let number = boxes.number(drawn, in: box)
                #expect(boxes.box(of: number) == box)
                seen.insert(number)
            }
        }
        #expect(seen == Set(1...30))
    }

    @Test("I2") func withoutRoutesThereIsOne() {
        let boxes = RouteMailboxes(Routes())
        #expect(boxes.count == 1 && boxes.index(of: .fallback) == 0 && boxes.number(7, in: 0) == 7)
    }

    @Test("I2") func routesBeyondTheMostShareTheLast() throws {
        let routes = try Routes<RequestRoute>((0..<100).map { "/\($0)=http.request.\($0)" })
        let boxes = RouteMailboxes(routes)
        #expect(boxes.count == RouteMailboxes.most)
        #expect(routes.targets.allSatisfy { (0..<boxes.count).contains(boxes.index(of: $0)) })
    }

    @Test("I1, I2") func theAnswersOfEachRouteComeToItsMailbox() throws {
        let server = EmbeddedServer { $0.routes = (try? Routes(["/a=http.request.a"])) ?? Routes() }
        #expect(Set(server.layer.mailboxes).count == 2)
        let client = try server.connect()
        for (index, path) in ["/a", "/"].enumerated() {
            try client.get(path)
            server.answer(index, ["status": 200, "content": .string(path)])
            #expect(try client.output().hasSuffix("\r\n\r\n\(path)"))
        }
        let names = [0, 1].compactMap { server.layer.replyChannel($0)?.split(separator: "!").first }
        #expect(Set(names).count == 2)
    }

    @Test("I18") func aNameOfOneMailboxIsNoneInAnother() throws {
        let server = EmbeddedServer { $0.routes = (try? Routes(["/a=http.request.a"])) ?? Routes() }
        let client = try server.connect()
        try client.get("/a")
        let name = try #require(server.layer.replyChannel(0)).split(separator: "!")[1]
        let other = try #require(server.layer.mailboxes.first { server.layer.replyChannel(0)?.hasPrefix($0) == false })
        server.layer.deliver(["status": 200], to: [other + name])
        server.run()
        #expect(server.core.counters.unknownAnswers == 1)
        #expect(try client.output().isEmpty)
    }
}
