import SeawayMessage
import SeawayServer
import SeawayTesting
import TestSupport

/// A whole interface server, with random clients, random workers and a random clock.
final class FuzzedServer {
    private final class Client {
        let connection: EmbeddedConnection
        var frames = FuzzedFrames()
        var isSlow = false

        init(_ connection: EmbeddedConnection) { self.connection = connection }
    }

    enum Version: CaseIterable { case http1, http2 }

    private let version: Version
    private let server: EmbeddedServer
    private var clients: [Client] = []

    /// - Parameter seed: of what the layer says; workers that answer at once are among it.
    init(_ version: Version, seed: UInt64) {
        self.version = version
        let layer = FakeLayer(
            verdict: { place, _ in
                switch (UInt64(place) &+ seed) % 11 {
                case 3: .refused(Refusal(code: "full"))
                case 5: .refused(Refusal(code: "gone"))
                case 7: .unknown
                default: .done
                }
            },
            worker: { layer, sent in
                guard seed.isMultiple(of: 3), let channel = sent.message["reply_channel"]?.string else { return }
                layer.deliver(["status": 200, "content": "at once"], to: channel)
            })
        self.server = EmbeddedServer(layer: layer, sockets: true) {
            $0.http2.isTakenInClear = true
            $0.maxRequestHead = 2_000
            $0.maxRequestFields = 20
            $0.maxRequestBody = 4_000
            $0.bodyInline = 300
            $0.bodyPiece = 200
            $0.maxBufferedBodies = 6_000
            $0.maxPipelined = 4
            $0.sockets.wire.maxMessage = 2_000
        }
    }

    func step(_ random: inout SeededGenerator) throws {
        if self.clients.isEmpty || (self.clients.count < 4 && Int.random(in: 0..<4, using: &random) == 0) {
            let client = Client(try self.server.connect())
            if self.version == .http2 { self.feed(client, FuzzedFrames.beginning, &random) }
            self.clients.append(client)
        }
        let index = Int.random(in: 0..<self.clients.count, using: &random)
        let client = self.clients[index]
        switch Int.random(in: 0..<16, using: &random) {
        case 0:
            client.connection.leave()
            self.clients.remove(at: index)
        case 1:
            client.isSlow.toggle()
            client.connection.becomeSlow(client.isSlow)
        case 2: self.server.pass(.milliseconds(Int.random(in: 1...70_000, using: &random)))
        case 3...6: self.work(&random)
        default:
            let bytes =
                switch self.version {
                case .http1: FuzzedRequests.some(&random)
                case .http2: client.frames.some(&random)
                }
            self.feed(client, self.spoilt(bytes, &random), &random)
        }
        self.server.run()
        for client in self.clients { _ = try client.connection.outputBytes() }
    }

    private func spoilt(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        guard Int.random(in: 0..<3, using: &random) == 0 else { return bytes }
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.removeLast(bytes.count - place)
            default: bytes.insert("\r\n 0:;,\t\0".utf8.randomElement(using: &random) ?? 0, at: place)
            }
        }
        return bytes
    }

    private func feed(_ client: Client, _ bytes: [UInt8], _ random: inout SeededGenerator) {
        var rest = bytes[...]
        while !rest.isEmpty, client.connection.isOpen {
            let piece = rest.prefix(Int.random(in: 1...max(1, bytes.count / 2), using: &random))
            rest = rest.dropFirst(piece.count)
            // What the server has found wrong comes back as an error, too.
            try? client.connection.send(Array(piece))
        }
    }

    /// Whoever has a request or a socket says something to it.
    private func work(_ random: inout SeededGenerator) {
        let channels = self.server.layer.sent.suffix(40).compactMap { $0.message["reply_channel"]?.string }
        guard let channel = channels.randomElement(using: &random) else { return }
        let content = String(repeating: "z", count: Int.random(in: 0...300, using: &random))
        let messages: [Message] = [
            ["status": 200, "content": .string(content)], ["status": 204, "content": .string(content)],
            ["status": 200, "content": .string(content), "more_content": true],
            ["content": .string(content), "more_content": true], ["content": .string(content)],
            ["content": .string(content), "offset": 1], ["status": 99], ["status": 304],
            ["body_wanted": .int(Int64.random(in: 0...5_000, using: &random))],
            ["disconnect_channel": "http.disconnect.q8w2e4rt!4"],
            ["accept": true], ["accept": true, "text": .string(content)], ["accept": false, "status": 404],
            ["text": .string(content)], ["close": 1_000], ["close": 5],
        ]
        self.server.layer.deliver(messages.randomElement(using: &random) ?? [:], to: channel)
    }

    /// All clients leave, and the time of all that waits is over.
    func end() throws {
        for client in self.clients { client.connection.leave() }
        self.server.run()
        for _ in 0..<4 { self.server.pass(.seconds(100)) }
    }

    /// What is still here of clients that have left.
    var isEmpty: Bool {
        let core = self.server.core
        return core.bodyBytes == 0 && core.counters.openConnections == 0 && core.awaitedAnswers == 0
    }

    /// Whether somebody who comes now is answered.
    func answers() throws -> Bool {
        let next = try self.server.connect()
        switch self.version {
        case .http1: try next.get("/last")
        case .http2: try next.send(FuzzedFrames.beginning + FuzzedFrames.request("/last", stream: 1))
        }
        self.server.run()
        let answer = try next.outputBytes()
        if let last = self.server.layer.requests.last?["reply_channel"]?.string {
            self.server.layer.deliver(["status": 200, "content": "last"], to: last)
        }
        self.server.run()
        let all = answer + (try next.outputBytes())
        return self.version == .http1
            ? String(decoding: all, as: UTF8.self).hasPrefix("HTTP/1.1 ") : FuzzedFrames.hasHeaders(all, stream: 1)
    }
}
