import Foundation
import SeawayNATS
import TestSupport
import Testing

/// Random and spoilt bytes of a server: nothing may trap, and what is read does not depend on how it was cut.
///
/// `SEAWAY_FUZZ_ROUNDS` sets how long; a failure names its seed.
@Suite struct NATSFuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["SEAWAY_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 400

    private static let corpus = [
        ParserTests.stream,
        "INFO {\"headers\":true,\"max_payload\":1048576,\"connect_urls\":[\"a:1\",\"[::1]:2\",\"x\"]}\r\n",
        "PONG\r\n", "MSG _INBOX.T.1 1 20\r\n{\"stream\":\"s\",\"seq\":1}\r\n",
        "HMSG _INBOX.T.2 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
        "-ERR 'Permissions Violation for Publish to \"a\"'\r\n", "INFO {\"ldm\":true}\r\n", "PING\r\n",
        "MSG a 2 $JS.ACK.s.c.1.2.3.4.5 2\r\nhi\r\n",
    ].map { Array($0.utf8) }

    private static func spoilt(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            bytes += self.corpus[Int.random(in: self.corpus.indices, using: &random)]
        }
        for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0x20...0x7E, using: &random), at: place)
            default: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
            }
        }
        return bytes
    }

    private static func pieces(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            pieces.append(Array(rest.prefix(Int.random(in: 1...60, using: &random))))
            rest = rest.dropFirst(pieces[pieces.count - 1].count)
        }
        return pieces
    }

    private static func outcome(_ pieces: [[UInt8]]) -> String {
        do throws(NATSStreamError) {
            return try ParserTests.frames(pieces).joined(separator: "|")
        } catch {
            return error.description
        }
    }

    @Test func noServerCanStopTheParserAndNoCutChangesWhatItReads() {
        for seed in 0..<UInt64(Self.rounds) {
            var random = SeededGenerator(seed: seed)
            let bytes = Self.spoilt(&random)
            let cut = Self.pieces(bytes, &random)
            #expect(Self.outcome(cut) == Self.outcome([bytes]), "seed \(seed)")
        }
    }

    @Test func noServerCanStopASessionOrHaveAnOutcomeToldTwice() {
        for seed in 0..<UInt64(Self.rounds) {
            var random = SeededGenerator(seed: seed)
            var session = NATSSession<Int>(
                NATSConfiguration(servers: [NATSAddress(host: "a")]), token: "T", jitter: { 0.5 })
            var told: [Int: Int] = [:]
            var asked = 0
            var now = 0
            session.start(at: now)
            for _ in 0..<30 {
                now += Int.random(in: 0...700, using: &random)
                for step in session.takeSteps() {
                    switch step {
                    case .connect: session.opened(at: now)
                    case .secure: session.secured(at: now)
                    case .close: break
                    }
                }
                for piece in Self.pieces(Self.spoilt(&random), &random) { session.receive(piece.span, at: now) }
                if (try? session.request("a", [], asked, until: now + 500)) != nil { asked += 1 }
                session.timePassed(at: now)
                for event in session.takeEvents() {
                    if case .outcome(let number, _) = event { told[number, default: 0] += 1 }
                    if case .message(_, let message) = event, let reply = message.reply { _ = Delivery(reply: reply) }
                    if case .stray(let message) = event { _ = PullStatus(message) }
                }
                _ = session.takeOutput()
            }
            session.leave()
            for case .outcome(let number, _) in session.takeEvents() { told[number, default: 0] += 1 }
            #expect(told.count == asked && told.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        }
    }
}
