import Foundation
import NIOCore
import SeawayBroker
import SeawayHub
import TestSupport
import Testing

/// Looks for the request that holds the loop for longest: random ones at a broker that holds much (A6).
///
/// What it walks through without need shows here as time, whether it is counted as work or not. `SEAWAY_FUZZ_ROUNDS`
/// sets how long; a failure names its seed and its request.
@Suite struct CostFuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["SEAWAY_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 400
    private static let requests = 60
    #if DEBUG
        private static let most = Duration.milliseconds(4_000)
    #else
        /// A few times what others may have to wait: other tests run beside this.
        private static let most = Duration.milliseconds(200)
    #endif

    @Test func noRequestHoldsTheLoopForLong() {
        var slowest = (time: Duration.zero, request: "")
        for seed in 0..<UInt64(max(1, Self.rounds / 400)) {
            for (place, found) in Self.times(seed, Self.requests).enumerated() {
                var time = found.time
                // A machine that is busy is slow once, a request each time.
                for _ in 0..<2 where time > Self.most { time = min(time, Self.times(seed, place + 1)[place].time) }
                #expect(time <= Self.most, "seed \(seed), request \(place): \(found.request)")
                if time > slowest.time { slowest = (time, found.request) }
            }
        }
        print("the longest turn took \(slowest.time), for \(slowest.request)")
    }

    /// What the longest turn of each request took.
    private static func times(_ seed: UInt64, _ count: Int) -> [(time: Duration, request: String)] {
        var random = SeededGenerator(seed: seed)
        let broker = LoadedBroker()
        return (0..<count).map { _ in
            let request = broker.request(&random)
            return (broker.time(request, &random), String(request.prefix(200)))
        }
    }
}

/// A broker with ten thousand of everything that there may be many of.
private final class LoadedBroker {
    private typealias Client = (connection: Connection, transport: MemoryTransport)

    private static let many = 10_000
    private static let long = String(repeating: "a", count: 100)
    private let core = BrokerCore(configuration: BrokerConfiguration(), clock: { 0 })
    private var clients: [Client] = []

    init() {
        self.clients = (0..<5).map { _ in self.connect() }
        self.say("LISTEN x!\n", self.clients[0])
        self.fill { self.say("JOIN g \($0.map { "x!\($0)" }.joined(separator: " "))\n", self.clients[0]) }
        self.fill { self.say("JOIN h \($0.map { "m.\($0).\(Self.long)" }.joined(separator: " "))\n", self.clients[1]) }
        self.say(String(repeating: "SEND :2 q Capacity=100000\n{}\n", count: Self.many), self.clients[1])
        self.say("GSEND :2 g\n{}\nGSEND :2 g\n{}\n", self.clients[1])
        self.say((0..<200).map { "WATCH g w.\($0)\n" }.joined(), self.clients[2])
        self.say((0..<2).map { "TAIL m.\($0)*a*a*b *\($0)*\n" }.joined(), self.clients[3])
        self.say("LISTEN \((0..<500).map { "n.\($0)" }.joined(separator: " "))\n", self.clients[4])
    }

    private func connect() -> Client {
        let transport = MemoryTransport()
        return (self.core.connect(transport), transport)
    }

    /// Says something of so many numbers, as many at a time as fit in a line.
    private func fill(_ say: (Range<Int>) -> Void) {
        for start in stride(from: 0, to: Self.many, by: 25) { say(start..<start + 25) }
    }

    private func say(_ text: String, _ client: Client) {
        var bytes = ByteBuffer(string: text)
        client.connection.receive(&bytes)
        self.core.endTurns()
        self.forgetOutput()
    }

    private func forgetOutput() { for client in self.clients { _ = client.transport.takeReceived() } }

    // MARK: Requests

    /// One of all the requests there are, about some of what the broker holds.
    private static func one(_ random: inout SeededGenerator) -> String {
        let channel = Self.channel(&random)
        let channels = Self.channels(&random)
        let (group, pattern, number) = (Self.group(&random), Self.pattern(&random), Self.number(&random))
        let table = ["channels", "groups", "connections"].randomElement(using: &random) ?? ""
        let all = [
            "SEND :2 \(channel)\n{}", "SEND :2 \(channel) Here=1 Capacity=\(pattern):5\n{}", "GSEND :2 \(group)\n{}",
            "GSEND :2 \(group) except=x!5 Capacity=\(pattern):100\n{}", "LISTEN \(channels)", "LISTEN x! members=1",
            "LISTEN \(channel) x!", "UNLISTEN \(channels)", "UNLISTEN x!", "READY \(number)",
            "READY \(number) n.\(number % 500)", "READY \(number) x!", "JOIN \(group) \(channels)",
            "LEAVE \(group) \(channels)", "WATCH \(group) \(channel)", "UNWATCH g w.\(number % 200)",
            "TAIL \(pattern) *\(pattern)", "UNTAIL", "PAUSE \(channel)", "RESUME \(channel)", "CLOSE \(channels)",
            "MEMBERS \(group) limit=\(number)", "PEEK \(channel) limit=\(number)", "STATS \(table) limit=\(number)",
            "STATS", "FLUSH \(pattern)", "PING", "QUIT",
        ]
        return (all.randomElement(using: &random) ?? "PING") + "\n"
    }

    private static func number(_ random: inout SeededGenerator) -> Int {
        [0, 1, 7, 100, 1_000, 100_000].randomElement(using: &random) ?? 1
    }

    private static func group(_ random: inout SeededGenerator) -> String {
        ["g", "h", "i"].randomElement(using: &random) ?? "g"
    }

    private static func channel(_ random: inout SeededGenerator) -> String {
        let number = Int.random(in: 0..<Self.many, using: &random)
        return [
            "q", "x!\(number)", "m.\(number).\(Self.long)", "n.\(number % 500)", "w.\(number % 200)", "new.\(number)",
        ]
        .randomElement(using: &random) ?? "q"
    }

    private static func channels(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...20, using: &random)).map { _ in Self.channel(&random) }.joined(separator: " ")
    }

    private static func pattern(_ random: inout SeededGenerator) -> String {
        let parts = (0..<Int.random(in: 0...30, using: &random)).map { _ in
            ["a", "aa", "m.", "9", "b", "x!"].randomElement(using: &random) ?? "a"
        }
        return (["m."] + parts).joined(separator: "*") + "*"
    }

    /// One request, or one that is said a hundred times.
    func request(_ random: inout SeededGenerator) -> String {
        String(repeating: Self.one(&random), count: Int.random(in: 0..<4, using: &random) == 0 ? 100 : 1)
    }

    /// What the longest turn takes when somebody says it.
    func time(_ request: String, _ random: inout SeededGenerator) -> Duration {
        let place = Int.random(in: 0..<self.clients.count, using: &random)
        var bytes = ByteBuffer(string: request)
        let clock = ContinuousClock()
        var longest = clock.measure {
            self.clients[place].connection.receive(&bytes)
            self.core.endTurn()
        }
        while self.core.isBehind { longest = max(longest, clock.measure { self.core.goOn() }) }
        self.forgetOutput()
        // Who has said goodbye comes again.
        if self.clients[place].transport.isClosed {
            self.clients[place].connection.receiveClosed()
            self.clients[place] = self.connect()
        }
        return longest
    }
}
