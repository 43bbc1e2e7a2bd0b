import SeawayWire
import TestSupport
import Testing

/// `shards.json`: which broker is first, where sends go, and what a reader does about memberships.
struct ShardVector: Decodable, Sendable, CustomTestStringConvertible {
    struct Step: Decodable, Sendable {
        let up: String?
        let warm: Int?
        let down: String?
        let leaving: String?
        let advance: Int?
        let send: String?
        let stream: String?
        let group: String?
        let to: String?
        let without: [String]?
        let times: Int?
        let counts: [String: Int]?
        let listened: String?
        let state: String?
        let joined: String?
        let left: String?
        let ok: String?
        let refused: String?
        let closed: String?
        let stopped: String?
        let join: String?
        let leave: String?
        let came: String?
        let says: [String]?
    }

    let id: String
    let why: String
    let brokers: [String]?
    let orders: [String: [String]]?
    let scores: [String: [String: String]]?
    let failover: Int?
    let steps: [Step]?

    var testDescription: String { self.id }
    var isOfMembers: Bool {
        self.steps?.contains { $0.listened != nil || $0.joined != nil || $0.came != nil } ?? false
    }

    static func all() throws -> [ShardVector] { try Vectors.load("shards.json") }
    static func routes() throws -> [ShardVector] { try self.all().filter { $0.steps != nil && !$0.isOfMembers } }
    static func members() throws -> [ShardVector] { try self.all().filter(\.isOfMembers) }
}

@Suite struct ShardVectorTests {
    @Test(arguments: try ShardVector.all().filter { $0.orders != nil })
    func brokersAreRankedByTheirScores(vector: ShardVector) {
        func score(_ name: String, _ broker: String) -> UInt64 {
            Rendezvous.score(key: Rendezvous.Hashes(name).key, identity: Rendezvous.hash(broker))
        }
        for (name, order) in vector.orders ?? [:] {
            let ranked = (vector.brokers ?? []).sorted { score(name, $0) > score(name, $1) }
            #expect(ranked == order, "\(vector.why): \(name)")
        }
        for (name, scores) in vector.scores ?? [:] {
            for (broker, digits) in scores {
                #expect(score(name, broker) == UInt64(digits, radix: 16), "\(vector.why): \(name) at \(broker)")
            }
        }
    }

    @Test(arguments: try ShardVector.all().filter { $0.orders != nil })
    func theChoiceIsTheFirstOfThoseThatAreLeft(vector: ShardVector) {
        let brokers = vector.brokers ?? []
        for (name, order) in vector.orders ?? [:] {
            var map = ShardMap(count: brokers.count, failover: 2_000, now: 0)
            for (place, broker) in brokers.enumerated() {
                _ = map.up(place, identity: broker, warm: 0, now: 0)
            }
            for expected in order {
                let choice = map.choose(for: .group(name), now: 0)
                #expect(choice.map { brokers[$0] } == expected, "\(vector.why): \(name)")
                if let choice { map.down(choice) }
            }
        }
    }

    @Test(arguments: try ShardVector.routes())
    func sendsGoWhereTheyShould(vector: ShardVector) {
        var client = RouteClient(failover: vector.failover ?? 2_000)
        for (number, step) in (vector.steps ?? []).enumerated() {
            let fault = client.take(step)
            #expect(fault == nil, "\(vector.why), step \(number)")
        }
    }

    @Test(arguments: try ShardVector.members())
    func readersKeepMembershipsAlike(vector: ShardVector) {
        var reader = MemberClient()
        for (number, step) in (vector.steps ?? []).enumerated() {
            let says = reader.take(step)
            if let expected = step.says { #expect(says == expected, "\(vector.why), step \(number)") }
        }
    }

    @Test func everyVectorIsOfOneKind() throws {
        let all = try ShardVector.all()
        let ranked = all.filter { $0.orders != nil }
        let routes = try ShardVector.routes()
        let members = try ShardVector.members()
        #expect(ranked.count + routes.count + members.count == all.count)
        #expect(min(ranked.count, routes.count, members.count) >= 15)
    }
}

/// A client that has the brokers `a` to `c`.
private struct RouteClient {
    private static let brokers = ["a", "b", "c"]
    private var map: ShardMap
    private var now = 0

    init(failover: Int) { self.map = ShardMap(count: 3, failover: failover, now: 0) }

    private func place(_ broker: String) -> Int { Self.brokers.firstIndex(of: broker) ?? 0 }

    /// - Returns: what is not as the step says.
    mutating func take(_ step: ShardVector.Step) -> String? {
        if let broker = step.up {
            return self.map.up(self.place(broker), identity: broker, warm: step.warm ?? 0, now: self.now)
                ? nil : "\(broker) is not taken"
        }
        if let broker = step.down { self.map.down(self.place(broker)) }
        if let broker = step.leaving { self.map.leaving(self.place(broker)) }
        if let milliseconds = step.advance { self.now += milliseconds }
        guard let target = step.send.map({ ShardMap.Target.channel($0) }) ?? step.group.map({ .group($0) })
        else { return nil }
        let without = ShardSet((step.without ?? []).map(self.place))
        if let counts = step.counts {
            var found: [String: Int] = [:]
            for _ in 0..<(step.times ?? 0) { found[self.send(target, step.stream, without) ?? "-", default: 0] += 1 }
            return found == counts ? nil : "\(found)"
        }
        let found = self.send(target, step.stream, without)
        return found == step.to ? nil : "to \(found ?? "none")"
    }

    private mutating func send(_ target: ShardMap.Target, _ stream: String?, _ without: ShardSet) -> String? {
        self.map.choose(for: target, stream: stream, without: without, now: self.now).map { Self.brokers[$0] }
    }
}

/// A reader at the brokers `a` to `c`.
private struct MemberClient {
    private static let brokers = ["a", "b", "c"]
    private var members = ShardMembers(failover: 2_000)
    private var now = 0

    private func place(_ broker: some StringProtocol) -> Int { Self.brokers.firstIndex { $0 == broker } ?? 0 }

    mutating func take(_ step: ShardVector.Step) -> [String] {
        if let words = step.listened?.split(separator: " ") {
            return self.text(
                self.members.listened(
                    self.place(words[0]), String(words[1]), isKept: step.state == "kept", now: self.now))
        }
        if let milliseconds = step.advance {
            self.now += milliseconds
            return self.text(self.members.check(now: self.now))
        }
        if let broker = step.came { return self.text(self.members.came(self.place(broker))) }
        self.note(step)
        return []
    }

    private mutating func note(_ step: ShardVector.Step) {
        func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
        if let said = step.joined.map(words) {
            self.members.joined(self.place(said[0]), said[1], Array(said[2...]), now: self.now)
        }
        if let said = step.left.map(words) {
            self.members.left(self.place(said[0]), said[1], Array(said[2...]), now: self.now)
        }
        if let said = step.ok.map(words) { self.members.answered(self.saying(said), isRefused: false) }
        if let said = step.refused.map(words) { self.members.answered(self.saying(said), isRefused: true) }
        if let broker = step.down { self.members.down(self.place(broker), now: self.now) }
        if let channel = step.closed { self.members.closed(channel) }
        if let mailbox = step.stopped { self.members.stopped(mailbox) }
        if let said = step.join.map(words) { self.members.own(said[0], Array(said[1...])) }
        if let said = step.leave.map(words) { self.members.disown(said[0], Array(said[1...])) }
    }

    private func saying(_ words: [String]) -> ShardMembers.Saying {
        ShardMembers.Saying(
            broker: self.place(words[0]), verb: words[1] == "JOIN" ? .join : .leave,
            membership: .init(group: words[2], channel: words[3]))
    }

    private func text(_ says: [ShardMembers.Saying]) -> [String] {
        says.map {
            "\(Self.brokers[$0.broker]) \($0.verb.rawValue) \($0.membership.group) \($0.membership.channel)"
        }.sorted()
    }
}
