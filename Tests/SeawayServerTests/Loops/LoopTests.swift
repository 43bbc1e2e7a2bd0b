import Logging
import NIOCore
import NIOPosix
import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

@Suite("One server on several event loops (I50, W30)", .timeLimit(.minutes(1))) struct LoopTests {
    @Test("I2, W1, I50") func eachLoopHasAMailboxAndSocketsHaveOnePair() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        let layers = (0..<3).map { _ in FakeLayer() }
        var configuration = ServerConfiguration()
        configuration.listen(on: 0)
        let server = InterfaceServer(
            configuration: configuration, group: group, layers: layers,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        _ = try await server.start()
        let kinds = layers.map { layer in layer.mailboxes.map { String($0.prefix { $0 != "!" }.dropLast(17)) } }
        let first = ["http.response", "websocket.send", "websocket.control"]
        #expect(kinds == [first, ["http.response"], ["http.response"]])
        #expect(Set(layers.flatMap(\.mailboxes)).count == 5)
        await server.shutdown(grace: .zero)
        #expect(layers.map(\.stopped) == [3, 1, 1])
        try await group.shutdownGracefully()
    }

    @Test("I1, I26, I50") func connectionsAreDealtOutAndNumbersAndCountersAreOfAll() async throws {
        try await LoopSite.run { site in
            try await site.clients(4) { client in
                for _ in 0..<3 {
                    let answer = try await client.get("/moon")
                    #expect(answer.contains(" 200 OK"))
                }
            } whenAllAreThere: {
                for loop in 0..<2 {
                    let counters = try await site.server.server.counters(of: loop)
                    #expect(counters.openConnections == 2 && counters.answered == 6)
                }
                #expect(try await site.metric("seaway_connections_open") == 4)
                #expect(try await site.metric("seaway_http_answers_total") == 12)
            } end: { _ in
            }
            let replies = site.layer.requests.compactMap { $0["reply_channel"]?.string?.split(separator: "!") }
            #expect(Set(replies.map { $0[0] }).count == 2)
            #expect(Set(replies.map { $0[1] }).count == 12)
        }
    }

    @Test("W30") func aGroupOnAllLoopsAndEachSocketsOwnMessagesKeepTheirOrder() async throws {
        let rounds = 200
        try await LoopSite.run { site in
            try await site.sockets(6) {
                let channels = site.channels
                let everybody = Array(channels.reversed())
                for round in 0..<rounds {
                    site.layer.deliver(["text": .string("<\(round) all>")], to: everybody, group: "room")
                    for (place, channel) in channels.enumerated() where (round + place) % 3 == 0 {
                        site.layer.deliver(["text": .string("<\(round) own \(place)>")], to: [channel])
                    }
                }
                site.layer.deliver(["text": "<end>"], to: everybody, group: "room")
                // Sockets are on both loops.
                let numbers = channels.compactMap { Int($0.drop { $0 != "!" }.dropFirst().prefix { $0 != "." }) }
                #expect(numbers.count == 6 && Set(numbers.map { $0 % 2 }).count == 2)
            } end: { client in
                var texts: [Substring] = []
                while texts.last != "end" {
                    let piece = try await client.read(until: ">")
                    texts.append(piece.drop { $0 != "<" }.dropFirst().dropLast())
                }
                let own = texts.first { $0.contains(" own ") }?.split(separator: " ").last
                let place = try #require(own.flatMap { Int($0) }, "nothing of its own")
                let expected = (0..<rounds).flatMap { round in
                    ["\(round) all"] + ((round + place) % 3 == 0 ? ["\(round) own \(place)"] : [])
                }
                #expect(texts.map(String.init) == expected + ["end"])
            }
        }
    }

    @Test("W6, W30") func whatASocketSaysComesInItsOrderOnAnyLoop() async throws {
        try await LoopSite.run { site in
            try await site.sockets(2) {
            } end: { client in
                for number in 0..<50 { try await client.send(ClientFrame.text("<\(number)>").bytes) }
                for number in 0..<50 { _ = try await client.read(until: "<\(number)>") }
            }
            for channel in site.channels {
                let events = site.layer.sent.filter { $0.message["reply_channel"]?.string == channel }
                #expect(events.compactMap(\.order).starts(with: 0...50))
            }
        }
    }

    @Test("W12") func whatComesTooLateIsClosedWhereverItsSocketWas() async throws {
        try await LoopSite.run { site in
            try await site.sockets(2) {
            } end: { _ in
            }
            let channels = site.channels
            #expect(channels.count == 2)
            // The clients have left, which the server may hear of later: until then nothing is too late.
            while try await site.metric("seaway_websocket_open") != 0 {}
            let closed = site.layer.closed.count
            let mailbox = try #require(site.layer.mailboxes.first { $0.hasPrefix("websocket.send.") })
            for number in [1, 2, 1_001, 1_002] { site.layer.deliver(["text": "forged"], to: ["\(mailbox)\(number)"]) }
            for channel in channels { site.layer.deliver(["text": "late"], to: [channel]) }
            while try await site.metric("seaway_websocket_messages_dropped_total{reason=\"late\"}") != 2 {}
            #expect(try await site.metric("seaway_websocket_messages_dropped_total{reason=\"unknown\"}") == 4)
            // A control channel may be closed only now, behind the last event of its socket.
            #expect(Set(site.layer.closed.dropFirst(closed).filter { $0.hasPrefix(mailbox) }) == Set(channels))
        }
    }

    @Test("I2, W1") func aLostMailboxClosesTheSocketsOfAllLoops() async throws {
        try await LoopSite.run { site in
            let names = site.layer.mailboxes
            try await site.sockets(4) {
                let mailbox = try #require(names.first { $0.hasPrefix("websocket.send.") })
                site.layer.happen(.lost(name: mailbox), to: "websocket.send")
            } end: { client in
                // 1012
                _ = try await client.read(until: "\u{03}")
                try await client.send(ClientFrame.close(1_012).bytes)
                _ = try await client.readToEnd()
            }
            try await site.sockets(2) {
            } end: { _ in
            }
            let new = site.channels.suffix(2)
            #expect(new.allSatisfy { channel in !names.contains { channel.hasPrefix($0) } })
        }
    }

    @Test("W23, I25") func aServerThatLeavesEndsWhatIsOnAnyLoop() async throws {
        try await LoopSite.run { site in
            try await withThrowingTaskGroup { tasks in
                try await site.sockets(4) {
                    try await site.clients(2) { client in
                        _ = try await client.get("/idle")
                    } whenAllAreThere: {
                        tasks.addTask { await site.server.server.shutdown(grace: .seconds(30)) }
                    } end: { client in
                        let answer = try await client.readToEnd()
                        #expect(answer.isEmpty)
                    }
                } end: { client in
                    // 1001
                    _ = try await client.read(until: "\u{03}")
                    try await client.send(ClientFrame.close(1_001).bytes)
                    _ = try await client.readToEnd()
                }
            }
            #expect(site.layer.stopped == 4)
            #expect(site.layer.sent.compactMap(\.code) == [1_001, 1_001, 1_001, 1_001])
        }
    }

    /// Messages go on to a loop only as far as there is credit for what it has not taken, and credit always comes back.
    @Test("W30", arguments: [1, 2, 5, 64]) func creditComesBackForWhatOtherLoopsHaveTaken(credit: Int) async throws {
        try await LoopSite.run {
            $0.credit = credit
        } _: { site in
            let before = site.layer.credit
            try await site.sockets(2) {
                for round in 0..<500 {
                    site.layer.deliver(["text": .string("<\(round)>")], to: site.channels, group: "room")
                }
            } end: { client in
                for round in 0..<500 { _ = try await client.read(until: "<\(round)>") }
            }
            // All that was delivered, and its last part, which is granted in halves.
            while site.layer.credit < before + 500 - credit { _ = try await site.server.server.counters() }
        }
    }

    @Test("W11") func aMalformedGroupMessageIsLoggedOnceForAllLoops() async throws {
        try await LoopSite.run { site in
            try await site.sockets(4) {
                site.layer.deliver(["title": "x"], to: site.channels, group: "room")
                while try await site.metric("seaway_websocket_messages_dropped_total{reason=\"malformed\"}") != 4 {}
            } end: { _ in
            }
            #expect(site.server.log.lines.count { $0.hasPrefix("malformed message for WebSockets") } == 1)
        }
    }
}
