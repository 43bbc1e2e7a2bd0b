import SeawayWire
import TestSupport
import Testing

/// `sessions.json` and `delivery.json` from the client's side: each answer of the broker belongs to the request that it
/// should.
@Suite struct SessionVectorTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        struct Step: Decodable, Sendable {
            let on: String?
            let c: VectorText?
            let cHex: VectorHex?
            let s: VectorText?
            let sHex: VectorHex?
            let drop: Bool?

            enum CodingKeys: String, CodingKey {
                case on, c, s, drop
                case cHex = "c_hex"
                case sHex = "s_hex"
            }

            var asked: [UInt8]? { self.c?.bytes ?? self.cHex?.bytes }
            /// `…` stands for words that are of no account here.
            var told: [UInt8]? { self.s.map { Array($0.string.replacing("…", with: "").utf8) } ?? self.sHex?.bytes }
        }
        let id: String
        let why: String
        let steps: [Step]
        var testDescription: String { self.id }

        /// Whether what the broker says is all there: a body with `…` in it is not.
        var isExact: Bool {
            self.steps.compactMap(\.s?.string).flatMap { $0.split(separator: "\n") }.allSatisfy { line in
                !line.contains("…") || ["HELLO", "ERR", "BYE", "PING"].contains { line.hasPrefix($0) }
            }
        }

        static func all() throws -> [Vector] {
            try ["sessions.json", "delivery.json"].flatMap { try Vectors.load($0, as: Vector.self) }.filter(\.isExact)
        }
    }

    @Test(arguments: try Vector.all())
    func everyAnswerFindsItsRequest(vector: Vector) throws {
        var clients: [String: Client] = [:]
        for step in vector.steps {
            var client = clients[step.on ?? "a"] ?? Client()
            if let bytes = step.asked { client.send(bytes) }
            if let bytes = step.told { client.receive(bytes) }
            if step.drop == true { client.hasEnded = true }
            clients[step.on ?? "a"] = client
        }
        for client in clients.values {
            #expect(client.faults == [], "\(vector.why)")
            if !client.hasEnded { #expect(client.unanswered == 0, "\(vector.why)") }
        }
    }

    @Test func mostVectorsAreExact() throws {
        #expect(try Vector.all().count > 250)
    }
}

/// A client that notes what it asks and checks what it is told.
private struct Client {
    private var session = ClientSession<String>()
    private var asked = FrameStream()
    private var told = FrameStream()
    /// Nothing that is asked from here on is sure to be answered.
    var hasEnded = false
    private(set) var faults: [String] = []

    var unanswered: Int { self.session.unanswered }

    mutating func send(_ bytes: [UInt8]) {
        let (frames, isBroken) = self.asked.take(bytes)
        for (line, _) in frames where !self.hasEnded {
            let verb = String(decoding: line.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self)
            if verb != "READY", verb != "PONG" { self.session.ask(verb) }
            if line == Array("QUIT".utf8) { self.hasEnded = true }
        }
        self.hasEnded = self.hasEnded || isBroken
    }

    mutating func receive(_ bytes: [UInt8]) {
        let (frames, isBroken) = self.told.take(bytes)
        if isBroken { self.faults.append("the broker's stream is broken") }
        for (line, hasBody) in frames {
            let frame = ServerFrame(line: line.span, hasBody: hasBody)
            switch self.session.receive(frame) {
            case .answer(let frame, let verb):
                if !frame.isAnswer(to: verb) { self.faults.append("\(frame) for \(verb)") }
            case .push(.bye(let reason, _)):
                if reason == nil { self.faults.append("an unknown reason") }
                // But for this one it is the last frame (A5).
                if reason != .shutdown { self.hasEnded = true }
            case .push: break
            case .unexpected: self.faults.append("\(frame) for nothing")
            }
        }
    }
}

extension ServerFrame {
    fileprivate func isAnswer(to verb: String) -> Bool {
        switch (self, verb) {
        case (.refused, _), (.hello, "HELLO"), (.pong, "PING"), (.data, "MEMBERS"), (.data, "PEEK"), (.data, "STATS"):
            true
        case (.ok, _): !["HELLO", "PING", "MEMBERS", "PEEK", "STATS"].contains(verb)
        default: false
        }
    }
}

/// Cuts bytes into frames.
private struct FrameStream {
    private var parser = FrameParser(limits: WireLimits(maxBody: 67_108_864))
    private var unread: [UInt8] = []

    mutating func take(_ bytes: [UInt8]) -> (frames: [(line: [UInt8], hasBody: Bool)], isBroken: Bool) {
        self.unread += bytes
        var parser = self.parser
        defer { self.parser = parser }
        var frames: [(line: [UInt8], hasBody: Bool)] = []
        do throws(StreamError) {
            while true {
                switch try parser.step(self.unread.span) {
                case .needMoreBytes: return (frames, false)
                case .frame(let shape):
                    frames.append((Array(self.unread[..<shape.lineLength]), shape.hasBody))
                    self.unread.removeFirst(shape.length)
                case .tooLarge(let shape): self.unread.removeFirst(shape.length)
                case .discard(let count): self.unread.removeFirst(count)
                case .discarded: break
                }
            }
        } catch {
            return (frames, true)
        }
    }
}
