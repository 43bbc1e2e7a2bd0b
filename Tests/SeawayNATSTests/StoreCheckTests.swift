import SeawayNATS
import Testing

@Suite struct StoreCheckTests {
    private static func info(_ name: String, version: String = "2.12.3") -> NATSServerInfo {
        var info = NATSServerInfo()
        (info.id, info.name, info.version, info.cluster) = (name, name, version, "c")
        (info.maxPayload, info.hasJetStream) = (4_194_304, true)
        return info
    }

    private static func answer(_ json: String) -> NATSOutcome {
        .answered(NATSMessage(subject: "r", payload: Array(json.utf8)))
    }

    /// Three servers as they should be.
    private static func facts(account: String = "{\"limits\":{\"max_storage\":-1}}") throws -> StoreFacts {
        var facts = StoreFacts()
        facts.servers = ["a", "b", "c"].map {
            StoreFacts.Server(address: NATSAddress(host: $0), answer: .success(self.info($0)))
        }
        facts.knownServers = 3
        facts.account = .success(try JetStreamCall.account.read(self.answer(account)))
        let monitor = "{\"server_name\":\"a\",\"jetstream\":{\"config\":{\"sync_always\":true}}}"
        facts.monitors = MonitorFacts(json: Array(monitor.utf8)).map { [("http://a:8222", .success($0))] } ?? []
        return facts
    }

    private static func stream(_ change: String = "", leader: String = "\"leader\":\"a\",", current: Bool = true) throws
        -> StreamInfo
    {
        let configuration =
            "\"name\":\"sw-jobs\",\"subjects\":[\"sw.q.sw-jobs.>\"],\"retention\":\"workqueue\",\"storage\":\"file\","
            + "\"discard\":\"new\",\"discard_new_per_subject\":true,\"num_replicas\":3\(change)"
        let replicas = "[{\"name\":\"b\",\"current\":\(current)},{\"name\":\"c\",\"current\":true}]"
        return try JetStreamCall.stream("sw-jobs").read(
            self.answer(
                "{\"config\":{\(configuration)},\"state\":{\"messages\":7,\"bytes\":70},"
                    + "\"cluster\":{\(leader)\"replicas\":\(replicas)}}"))
    }

    private static func durable(_ change: (inout StoreFacts.Durable) throws -> Void = { _ in }) throws
        -> StoreFacts.Durable
    {
        var durable = StoreFacts.Durable(pattern: "jobs", stream: "sw-jobs")
        try change(&durable)
        return durable
    }

    private static func worst(_ facts: StoreFacts) -> (what: String, verdict: StoreFinding.Verdict) {
        let findings = StoreCheck.findings(facts).filter { $0.verdict == .warning || $0.verdict == .failure }
        #expect(findings.count <= 1, "\(findings)")
        return findings.first.map { ($0.what, $0.verdict) } ?? ("", .ok)
    }

    @Test func threeServersAsTheyShouldBeAreAStore() throws {
        var facts = try Self.facts()
        facts.durables = [try Self.durable { $0.info = try Self.stream() }, try Self.durable()]
        #expect(Self.worst(facts) == ("", .ok))
        #expect(StoreCheck.findings(facts).map(\.verdict).max()?.exitCode == 0)
        #expect(StoreCheck.findings(facts).allSatisfy { $0.advice.isEmpty })
    }

    @Test func whatIsNotSoIsTheOnlyFinding() throws {
        func worst(_ change: (inout StoreFacts) throws -> Void) throws -> (String, StoreFinding.Verdict) {
            var facts = try Self.facts()
            try change(&facts)
            return Self.worst(facts)
        }
        #expect(
            try worst { $0.servers[0].answer = .success(Self.info("a", version: "2.11.9")) } == (
                "server nats://a:4222", .warning
            ))
        #expect(
            try worst { $0.servers[0].answer = .success(Self.info("a", version: "2.10.0")) } == (
                "server nats://a:4222", .failure
            ))
        #expect(
            try worst { $0.servers[0].answer = .success(Self.info("a", version: "dev")) } == (
                "server nats://a:4222", .failure
            ))
        #expect(try worst { $0.servers[0].answer = .failure(.init("away")) } == ("server nats://a:4222", .warning))
        #expect(try worst { $0.maxBody = 4_194_304 } == ("max_payload", .warning))
        #expect(try worst { $0.account = .failure(.noResponders) } == ("JetStream", .failure))
        #expect(try worst { $0.account = nil } == ("JetStream", .failure))
        #expect(try worst { $0.knownServers = 2 } == ("replicas", .failure))
        #expect(try worst { $0.replicas = 1 } == ("replicas", .warning))
        #expect(try worst { $0.replicas = 2 } == ("replicas", .warning))
        #expect(try worst { $0.monitors[0].answer = .failure(.init("away")) } == ("disk at http://a:8222", .failure))
        #expect(try worst { $0.monitors = [] } == ("", .ok))
    }

    @Test func aServerOfAnotherClusterIsNoPartOfTheStore() throws {
        var facts = try Self.facts()
        var other = Self.info("a")
        other.cluster = nil
        facts.servers[0].answer = .success(other)
        #expect(Self.worst(facts) == ("one cluster", .failure))
    }

    @Test func anAccountWithoutRoomIsTold() throws {
        let full = "{\"limits\":{\"max_storage\":100,\"max_streams\":-1,\"max_consumers\":-1},\"storage\":95}"
        #expect(Self.worst(try Self.facts(account: full)) == ("storage", .warning))
        let streams = "{\"limits\":{\"max_storage\":-1,\"max_streams\":2},\"streams\":2}"
        #expect(Self.worst(try Self.facts(account: streams)) == ("streams", .warning))
        let consumers = "{\"limits\":{\"max_storage\":-1,\"max_consumers\":2},\"consumers\":3}"
        #expect(Self.worst(try Self.facts(account: consumers)) == ("consumers", .warning))
    }

    @Test func aStreamThatIsNotAsItShouldBeIsTold() throws {
        func worst(_ change: (inout StoreFacts.Durable) throws -> Void) throws -> StoreFinding.Verdict {
            var facts = try Self.facts()
            facts.durables = [try Self.durable(change)]
            return Self.worst(facts).verdict
        }
        #expect(try worst { $0.others = ["audit"] } == .failure)
        #expect(try worst { $0.fault = .unknown(.silence) } == .failure)
        #expect(try worst { $0.info = try Self.stream(",\"num_replicas\":1") } == .failure)
        #expect(try worst { $0.info = try Self.stream(",\"discard\":\"old\"") } == .failure)
        #expect(try worst { $0.info = try Self.stream(leader: "") } == .failure)
        #expect(try worst { $0.info = try Self.stream(current: false) } == .warning)
        // How long and how much it keeps is its owner's.
        #expect(try worst { $0.info = try Self.stream(",\"max_age\":5000000000,\"max_msgs\":7") } == .ok)
    }

    @Test func onlyAMonitoringPortIsOne() {
        #expect(MonitorFacts(json: Array("<html>".utf8)) == nil)
        #expect(MonitorFacts(json: Array("{}".utf8)) == nil)
        let facts = MonitorFacts(
            json: Array(
                "{\"server_id\":\"A\",\"jetstream\":{\"config\":{\"sync_interval\":5000000000},\"meta\":{\"cluster_size\":5}}}"
                    .utf8))
        #expect(facts?.syncInterval == 5_000)
        #expect(facts?.clusterSize == 5)
        #expect(facts?.syncsAlways == false)
    }
}
