import BrokerSupport
import SeawayBroker
import SeawayHub
import SeawayMessage
import SeawayWire
import TestSupport
import Testing

/// The layers do the same also where nobody has thought of a test: random calls, and whatever comes back is compared.
@Suite(.serialized, .timeLimit(.minutes(5))) struct LayerEqualityTests {
    // The last two pause a channel of their mailbox that somebody else reads, and read it later.
    @Test(arguments: Array(0..<12) + [67, 146])
    func randomCallsHaveTheSameAnswersAndDeliveries(seed: Int) async throws {
        var logs: [[String]] = []
        for kind in [LayerKind.inProcess, .unix, .ownLoop] {
            try await LayerHouse.run(kind) { configuration in
                configuration.limits = WireLimits(maxBody: 200)
                configuration.hub.defaultCapacity.messages = 3
                configuration.hub.maxChannels = 12
                configuration.hub.maxMembers = 4
                configuration.hub.mailboxGrace = 20_000
            } _: { house in
                var caller = try await RandomCaller(house, seed: UInt64(seed))
                for _ in 0..<120 { try await caller.call() }
                logs.append(caller.told)
            }
        }
        let inProcess = logs[0]
        for (other, name) in [(logs[1], "on the wire"), (logs[2], "on another loop")] {
            for (place, pair) in zip(inProcess, other).enumerated() where pair.0 != pair.1 {
                let before = inProcess[max(0, place - 25)..<place].joined(separator: "\n")
                Issue.record("seed \(seed):\n\(before)\nin process: \(pair.0)\n\(name): \(pair.1)")
                return
            }
            #expect(inProcess.count == other.count)
        }
        #expect(inProcess.count > 120)
    }
}

/// Calls two layers at random, the same calls for the same seed, and notes what it asks and what it is told.
private struct RandomCaller {
    private let house: LayerHouse
    private let layers: [any ChannelLayer]
    private let logs = [CallLog(), CallLog()]
    private var random: SeededGenerator
    private var listenings: [(layer: Int, hasSeveralNames: Bool, listening: any Listening)] = []
    private var number: Int64 = 0
    private(set) var told: [String] = []

    private static let names = ["a", "b", "w!", "v!", "w!1", "w!2", "v!1", "p?1", "a b", "w!1!"]
    private static let groups = ["g", "h", "g!"]

    init(_ house: LayerHouse, seed: UInt64) async throws {
        self.house = house
        self.layers = [try await house.settledLayer(), try await house.settledLayer()]
        self.random = SeededGenerator(seed: seed)
    }

    private mutating func pick<Thing>(_ things: [Thing]) -> Thing {
        things[Int.random(in: 0..<things.count, using: &self.random)]
    }

    mutating func call() async throws {
        let index = self.pick([0, 1])
        let layer = self.layers[index]
        let name = self.pick(Self.names)
        let group = self.pick(Self.groups)
        switch Int.random(in: 0..<23, using: &self.random) {
        case 0...5:
            self.number += 1
            var message: Message = ["n": .int(self.number)]
            if self.pick([0, 0, 0, 0, 0, 1]) == 1 { message["x"] = .string(String(repeating: "x", count: 200)) }
            let ifHeard = self.pick([true, false, false])
            self.note("\(index) send \(name) \(ifHeard)", await layer.answer(to: message, name, ifHeard: ifHeard))
        case 6, 7:
            self.number += 1
            let except = self.pick([nil, nil, name])
            let answer = await layer.answer(to: ["n": .int(self.number)], group: group, except: except)
            self.told.append("\(index) gsend \(group) \(except ?? "") \(answer.code ?? "\(answer)")")
        case 8, 9:
            let names = self.pick([[name], [name], [name, self.pick(Self.names)]])
            self.note("\(index) join \(group) \(names)", await layer.answer(toJoining: group, names))
        case 10:
            self.note("\(index) leave \(group) \(name)", await layer.answer(toLeaving: group, [name]))
        case 11: self.note("\(index) watch \(group) \(name)", await layer.answer(toWatching: group, on: name))
        case 12: self.note("\(index) unwatch \(group) \(name)", await layer.answer(toUnwatching: group, on: name))
        case 13...16: self.listen(index, layer, name)
        case 17, 18: self.grant()
        case 19:
            layer.pause(name)
            self.told.append("\(index) pause \(name)")
        case 20:
            layer.resume(name)
            self.told.append("\(index) resume \(name)")
        case 21:
            if self.pick([true, false]) {
                layer.close([name])
                self.told.append("\(index) close \(name)")
            } else {
                self.stop()
            }
        default:
            let milliseconds = self.pick([1, 100, 19_900, 40_000])
            try await self.house.advance(by: .milliseconds(milliseconds))
            self.told.append("advance \(milliseconds)")
        }
        try await self.settle()
    }

    private mutating func note(_ call: String, _ answer: SendAnswer) {
        self.told.append("\(call) \(answer.code ?? "\(answer)")")
    }

    private mutating func listen(_ index: Int, _ layer: any ChannelLayer, _ name: String) {
        let log = self.logs[index]
        // Two names at times; both may be the same.
        let other = self.pick([nil, nil, self.pick(Self.names)])
        let listening = other.map { log.listen(layer, name, $0) } ?? log.listen(layer, name)
        self.listenings.append((index, other != nil, listening))
        self.told.append("\(index) listen \(name) \(other ?? "")")
    }

    private mutating func grant() {
        guard !self.listenings.isEmpty else { return }
        let (index, hasSeveralNames, listening) = self.pick(self.listenings)
        // Whose turn it is among several names (D3) depends on what else its connection reads, so here it is always
        // everybody's.
        let count = hasSeveralNames ? 1_000 : self.pick([1, 2, 5])
        listening.ready(count)
        self.told.append("\(index) ready \(count)")
    }

    private mutating func stop() {
        guard !self.listenings.isEmpty else { return }
        let place = Int.random(in: 0..<self.listenings.count, using: &self.random)
        let (index, _, listening) = self.listenings.remove(at: place)
        self.logs[index].stop(listening)
        self.told.append("\(index) stop")
    }

    /// Whatever one call has led to, at both layers.
    private mutating func settle() async throws {
        // A second time, since what one layer is told (that it has lost a mailbox) makes it say something itself.
        for _ in 0..<2 {
            for layer in self.layers { try await layer.settle() }
        }
        for (index, log) in self.logs.enumerated() {
            self.told += Self.withoutTurns(log.take()).map { "  \(index) got \($0)" }
        }
    }

    /// What came in one go, in an order that does not depend on whose turn it was.
    private static func withoutTurns(_ calls: [CallLog.Call]) -> [String] {
        var rest = calls[...]
        var told: [String] = []
        while let first = rest.first {
            let run = rest.prefix { $0.isDelivery == first.isDelivery }
            let texts = run.map { "\($0)" }
            told += first.isDelivery ? texts.sorted() : texts
            rest = rest.dropFirst(run.count)
        }
        return told
    }
}

extension CallLog.Call {
    fileprivate var isDelivery: Bool {
        if case .delivery = self { true } else { false }
    }
}
