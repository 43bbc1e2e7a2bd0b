import Foundation
import SeawayServer
import SeawayTesting
import TestSupport
import Testing

/// Random clients and random users of one WebSocket: nothing traps, every end is told once, and what is written is
/// frames.
///
/// `SEAWAY_FUZZ_ROUNDS` sets how long; a failure names its seed.
@Suite struct PeerFuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["SEAWAY_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 400

    @Test func nothingThatAClientSendsIsTooMuch() throws {
        for seed in 0..<UInt64(Self.rounds) {
            var random = SeededGenerator(seed: seed)
            let deflate =
                Bool.random(using: &random)
                ? DeflateParameters(clientNoContextTakeover: Bool.random(using: &random), serverMaxWindowBits: 9) : nil
            let socket = try EmbeddedPeer(policy: OutboxPolicy.allCases.randomElement(using: &random), deflate: deflate)
            {
                $0.maxMessage = 5_000
                $0.maxQueuedBytes = 2_000
                $0.maxOverflow = 8_000
                $0.deflate.minimumSize = 10
                $0.maxMessagesPerSecond = 200
            }
            var written: [UInt8] = []
            for _ in 0..<40 {
                try self.step(socket, &random)
                written += try socket.writes().flatMap { $0 }
            }
            if socket.isConnected { socket.hangUp() }
            socket.peer.setReading(true)
            socket.pass(.seconds(100))
            self.check(socket, written, seed: seed)
        }
    }

    private func check(_ socket: EmbeddedPeer, _ written: [UInt8], seed: UInt64) {
        let events = socket.user.events
        let ends = events.filter { if case .closed = $0 { true } else { false } }
        #expect(ends.count == 1 && events.last == .ended, "seed \(seed): \(events)")
        #expect(events.count { $0 == .ended } == 1, "seed \(seed)")
        let frames = ServerFrame.all(in: written)
        #expect(!frames.contains { if case .broken = $0 { true } else { false } }, "seed \(seed)")
        // After a Close frame, nothing.
        let close = frames.firstIndex { if case .close = $0 { true } else { false } }
        #expect(close == nil || close == frames.count - 1, "seed \(seed): \(frames)")
        #expect(socket.core.counters.openSockets == 0)
    }

    private func step(_ socket: EmbeddedPeer, _ random: inout SeededGenerator) throws {
        switch Int.random(in: 0..<14, using: &random) {
        case 0: socket.becomeWritable(Bool.random(using: &random))
        case 1: socket.peer.setReading(Bool.random(using: &random))
        case 2: socket.pass(.milliseconds(Int.random(in: 0...8_000, using: &random)))
        case 3 where Int.random(in: 0..<8, using: &random) == 0:
            socket.peer.close(behindMessages: Bool.random(using: &random))
        case 3 where Int.random(in: 0..<20, using: &random) == 0: socket.hangUp()
        case 4, 5:
            let text = String(repeating: "fuzz ", count: Int.random(in: 0...300, using: &random))
            socket.peer.send(PreparedMessage(.text, text.utf8, isShared: Bool.random(using: &random)))
        default:
            guard socket.isConnected else { return }
            var bytes = (0..<Int.random(in: 1...6, using: &random)).flatMap { _ in self.frame(&random).bytes }
            if Int.random(in: 0..<6, using: &random) == 0 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            while !bytes.isEmpty, socket.isConnected {
                let count = Int.random(in: 1...bytes.count, using: &random)
                try socket.receive(Array(bytes.prefix(count)))
                bytes.removeFirst(count)
            }
        }
    }

    private func frame(_ random: inout SeededGenerator) -> ClientFrame {
        let length = Int.random(in: 0...(Bool.random(using: &random) ? 10 : 400), using: &random)
        let noise = (0..<length).map { _ in UInt8.random(in: 0...127, using: &random) }
        switch Int.random(in: 0..<24, using: &random) {
        case 0: return .ping("fuzz")
        case 1: return .pong()
        case 2: return .close(1_000)
        case 3: return ClientFrame(opcode: UInt8.random(in: 0...15, using: &random), payload: noise)
        case 4: return ClientFrame(rsv: UInt8.random(in: 0...7, using: &random), opcode: 2, payload: noise)
        case 5: return .compressed(noise)
        case 6: return DeflateTests.compress(noise, opcode: 1)
        case 7...10: return ClientFrame(isFinal: Bool.random(using: &random), opcode: 0, payload: noise)
        case 11...14: return ClientFrame(isFinal: false, opcode: 1, payload: noise)
        default: return ClientFrame(opcode: Bool.random(using: &random) ? 1 : 2, payload: noise)
        }
    }
}
