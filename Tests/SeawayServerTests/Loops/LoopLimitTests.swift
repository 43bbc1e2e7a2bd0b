import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// What is bounded is bounded for all loops together.
@Suite("Limits over several event loops (I50)", .timeLimit(.minutes(1))) struct LoopLimitTests {
    @Test func connectionsOfAllLoopsHaveOneLimit() async throws {
        try await LoopSite.run {
            $0.maxConnections = 3
        } _: { site in
            // One of them is a WebSocket.
            try await site.sockets(1) {
                // Whose requests are under way, so that they give way to nobody (I34).
                try await site.clients(2) {
                    try await $0.send(
                        "POST /in HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
                    _ = try await $0.read(until: "100 Continue\r\n\r\n")
                } whenAllAreThere: {
                    for _ in 0..<2 {
                        try await site.server.connect { client in
                            let answer = try await client.readToEnd()
                            #expect(answer.hasPrefix("HTTP/1.1 503 "))
                        }
                    }
                } end: { _ in
                }
                while try await site.metric("seaway_connections_open") != 0 {}
                try await site.clients(2) {
                    _ = try await $0.get("/again")
                } whenAllAreThere: {
                } end: { _ in
                }
            } end: { _ in
            }
            #expect(try await site.metric("seaway_http_refused_total{reason=\"too_many_connections\"}") == 2)
        }
    }

    @Test("W22") func anAddressHasOneLimitOnAllLoops() async throws {
        try await LoopSite.run {
            $0.sockets.maxPerAddress = 3
        } _: { site in
            try await site.sockets(3) {
                for _ in 0..<2 {
                    try await site.server.connect { client in
                        let answer = try await client.upgrade()
                        #expect(answer.hasPrefix("HTTP/1.1 429 "))
                    }
                }
            } end: { _ in
            }
            while try await site.metric("seaway_websocket_open") != 0 {}
            try await site.sockets(3) {
            } end: { _ in
            }
            #expect(try await site.metric("seaway_websocket_accepted_total") == 6)
        }
    }

    @Test("I9") func bodiesOfAllLoopsHaveOneLimit() async throws {
        try await LoopSite.run {
            $0.maxBufferedBodies = 1_000
        } _: { site in
            // Each on another loop: half a body waits for its rest, and so there is no room for another.
            try await site.clients(1) {
                try await $0.send("POST /first HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n")
                try await $0.send(String(repeating: "x", count: 800))
            } whenAllAreThere: {
                try await site.server.connect { client in
                    // Until the first has been read.
                    var answer = ""
                    while !answer.hasPrefix("HTTP/1.1 503 ") {
                        answer = ""
                        try await site.server.connect { client in
                            try await client.send("POST /second HTTP/1.1\r\nhost: a\r\ncontent-length: 400\r\n\r\n")
                            try await client.send(String(repeating: "x", count: 400))
                            answer = try await client.read(until: "\r\n\r\n")
                        }
                    }
                    answer = try await client.get("/third")
                    #expect(answer.contains(" 200 OK"))
                }
            } end: { client in
                try await client.send(String(repeating: "x", count: 200))
                _ = try await client.read(until: "/first")
            }
            #expect(try await site.metric("seaway_http_refused_total{reason=\"no_room_for_body\"}") ?? 0 >= 1)
        }
    }
}
