import Foundation
import NIOCore
import SeawayBroker
import SeawayHub
import SeawayWire
import TestSupport
import Testing

/// Random clients against a whole broker in memory: nothing they send may trap, and nothing of them may stay.
///
/// `SEAWAY_FUZZ_ROUNDS` sets how long; a failure names its seed.
@Suite struct FuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["SEAWAY_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 400

    /// What clients say in the vectors: the material to spoil.
    private static func corpus() throws -> [[UInt8]] {
        let scenarios =
            try Vectors.load("sessions.json", as: ScenarioVector.self)
            + Vectors.load("delivery.json", as: ScenarioVector.self)
        return scenarios.flatMap { $0.steps.compactMap(\.sent) }.filter { $0.count < 5_000 }
    }

    @Test func noClientCanStopTheBrokerOrStayInItsMemory() throws {
        let corpus = try Self.corpus()
        for seed in 0..<UInt64(Self.rounds) {
            var random = SeededGenerator(seed: seed)
            let broker = FuzzedBroker(hasStore: seed % 2 == 1)
            for _ in 0..<20 { broker.step(corpus, &random) }
            #expect(broker.answersAreFrames, "seed \(seed)")
            broker.end()
            #expect(broker.memoryLeft == 0, "seed \(seed)")
        }
    }
}

private final class FuzzedBroker {
    private final class Clock {
        var now = 0
    }

    private let clock = Clock()
    private let core: BrokerCore
    private let store: ScriptedStore?
    private var peers: [(connection: Connection, transport: MemoryTransport)] = []
    private(set) var answersAreFrames = true

    /// - Parameter hasStore: many channels of the vectors are durable, and the store is what it likes.
    init(hasStore: Bool) {
        var configuration = BrokerConfiguration()
        configuration.limits = WireLimits(maxBody: 2_000)
        configuration.hub.maxMemory = 100_000
        configuration.maxUnread = 4_000
        let clock = self.clock
        self.store =
            hasStore ? ScriptedStore(durable: ["q*", "a*", "jobs*", "chat*"], capacity: 10) { clock.now } : nil
        self.core = BrokerCore(configuration: configuration, clock: { clock.now }, store: self.store)
    }

    private func endTurns() {
        self.core.endTurns()
        while self.store?.run() == true { self.core.endTurns() }
    }

    func step(_ corpus: [[UInt8]], _ random: inout SeededGenerator) {
        if self.peers.isEmpty || (self.peers.count < 4 && Int.random(in: 0..<4, using: &random) == 0) {
            let transport = MemoryTransport()
            self.peers.append((self.core.connect(transport), transport))
        }
        let index = Int.random(in: 0..<self.peers.count, using: &random)
        let peer = self.peers[index]
        if let store,
            let mood = [ScriptedStore.Mood.answers, .answers, .holds, .fails, .forgets].randomElement(using: &random)
        {
            store.mood = mood
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0: peer.connection.receiveEnd()
        case 1:
            peer.connection.receiveClosed()
            self.peers.remove(at: index)
        case 2:
            peer.transport.isStalled.toggle()
            if !peer.transport.isStalled { peer.connection.outputWasTaken() }
        case 3:
            self.clock.now += Int.random(in: 1...70_000, using: &random)
            self.core.check()
        default: self.feed(peer.connection, corpus, &random)
        }
        self.endTurns()
        self.read(peer.transport)
    }

    private func feed(_ connection: Connection, _ corpus: [[UInt8]], _ random: inout SeededGenerator) {
        guard var bytes = corpus.randomElement(using: &random) else { return }
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: corpus.randomElement(using: &random) ?? [], at: place)
            case 3: bytes.removeLast(bytes.count - place)
            default: bytes.insert("0 9:-{}!?\n".utf8.randomElement(using: &random) ?? 0, at: place)
            }
        }
        while !bytes.isEmpty {
            var piece = ByteBuffer(bytes: bytes.prefix(Int.random(in: 1...200, using: &random)))
            bytes.removeFirst(piece.readableBytes)
            connection.receive(&piece)
        }
    }

    /// Whatever the broker says must be frames that a client can read.
    private func read(_ transport: MemoryTransport) {
        var unread = transport.takeReceived()
        var parser = FrameParser()
        while !unread.isEmpty {
            guard case .frame(let shape)? = try? parser.step(unread.span) else {
                self.answersAreFrames = false
                return
            }
            if ServerFrame(line: unread.span.extracting(..<shape.lineLength), hasBody: shape.hasBody) == .other {
                self.answersAreFrames = false
            }
            unread.removeFirst(shape.length)
        }
    }

    func end() {
        for peer in self.peers { peer.connection.receiveClosed() }
        self.store?.mood = .answers
        self.endTurns()
        self.clock.now += 1_000_000
        self.core.check()
        // Twice: senders are told of what was dropped (S14), which is a message itself.
        for _ in 0..<2 {
            self.core.clear()
            self.endTurns()
        }
    }

    var memoryLeft: Int { self.core.memoryHeld }
}
