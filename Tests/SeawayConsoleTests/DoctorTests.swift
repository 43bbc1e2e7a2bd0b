import SeawayConsole
import SeawayMessage
import Testing

@Suite("A doctor")
struct DoctorTests {
    private let needs = HostNeeds(descriptors: 10_000, memory: 1 << 30)

    private func facts(_ change: (inout HostFacts) -> Void = { _ in }) -> HostFacts {
        var facts = HostFacts()
        facts.descriptors = 65_536
        facts.backlog = 4_096
        facts.memory = 8 << 30
        facts.isClockKept = true
        facts.seconds = 1_800_000_000
        change(&facts)
        return facts
    }

    @Test("finds nothing to change where everything is there, and says nothing of what could not be read")
    func well() {
        #expect(HostCheck.findings(self.facts(), self.needs).map(\.grade) == [.ok, .ok, .ok, .ok])
        var unknown = HostFacts()
        unknown.seconds = 1_800_000_000
        #expect(HostCheck.findings(unknown, self.needs).isEmpty)
    }

    @Test(
        "says what to change",
        arguments: [
            ("descriptors", 9_999, Finding.Grade.warn), ("descriptors", 255, .fail), ("descriptors", 10_000, .ok),
            ("backlog", 128, .warn), ("backlog", 1_024, .ok), ("memory", 1 << 30, .fail),
            ("memory", 1_300 << 20, .warn), ("memory", 2 << 30, .ok),
        ])
    func limits(_ about: String, _ value: Int, _ grade: Finding.Grade) {
        let facts = self.facts { facts in
            switch about {
            case "descriptors": facts.descriptors = value
            case "backlog": facts.backlog = value
            default: facts.memory = value
            }
        }
        let finding = HostCheck.findings(facts, self.needs).first { $0.about == about }
        #expect(finding?.grade == grade)
        #expect((finding?.advice != nil) == (grade != .ok))
    }

    @Test("looks at the clock")
    func clock() {
        #expect(HostCheck.findings(self.facts { $0.isClockKept = false }, self.needs).last?.grade == .warn)
        #expect(HostCheck.findings(self.facts { $0.seconds = 1_000 }, self.needs).last?.grade == .fail)
    }

    @Test(
        "judges who reaches what",
        arguments: [
            (ListeningFacts.Kind.broker, false, false, false, Finding.Grade.ok), (.broker, true, false, false, .fail),
            (.broker, true, true, false, .fail), (.broker, true, false, true, .warn), (.broker, true, true, true, .ok),
            (.http, true, false, false, .warn), (.http, true, true, false, .ok), (.http, false, false, false, .ok),
            (.metrics, true, false, false, .warn), (.metrics, false, false, false, .ok),
        ])
    func listening(_ kind: ListeningFacts.Kind, _ open: Bool, _ tls: Bool, _ tokens: Bool, _ grade: Finding.Grade) {
        let facts = ListeningFacts(kind, "a:1", isReachedFromElsewhere: open, isSecured: tls, needsTokens: tokens)
        let finding = ListeningCheck.finding(facts)
        #expect(finding.grade == grade && (finding.advice != nil) == (grade != .ok))
    }

    @Test("tells of a broker that it is away, old, or near its limits")
    func broker() {
        var facts = BrokerFacts("a:1")
        facts.absence = "no connection to a:1"
        #expect(BrokerCheck.findings(facts, known: []).map(\.grade) == [.fail])
        facts.absence = nil
        facts.features = ["ack"]
        #expect(BrokerCheck.findings(facts, known: ["ack"]).map(\.grade) == [.ok, .ok])
        #expect(BrokerCheck.findings(facts, known: ["ack", "once"]).map(\.grade) == [.ok, .warn])
        facts.totals = [
            "memory": 80, "connections": 1, "accept-failures": 2, "log-dropped": 3,
            "limits": ["max-memory": 100, "max-connections": 100],
        ]
        let findings = BrokerCheck.findings(facts, known: [])
        #expect(findings.map(\.grade) == [.ok, .ok, .warn, .warn, .warn])
        #expect(findings[2].text == "memory is at 80 % of max-memory")
    }

    @Test("fails for a right that somebody asked for, and only tells of others")
    func rights() {
        var facts = BrokerFacts("a:1")
        facts.rights = [
            .init("send", "jobs", isAllowed: false, isWanted: true),
            .init("send", "jobs", isAllowed: false, isWanted: false),
            .init("listen", "jobs", isAllowed: true, isWanted: true),
            .init("join", "room", isAllowed: nil, isWanted: true),
        ]
        #expect(BrokerCheck.findings(facts, known: []).dropFirst(2).map(\.grade) == [.fail, .ok, .ok, .warn])
    }

    @Test("writes a line for each finding, for people and for programs")
    func lines() {
        let finding = Finding(.warn, "backlog", "few", advice: "more")
        #expect(finding.line == "warn  backlog: few -> more")
        #expect(finding.json == #"{"grade":"warn","about":"backlog","text":"few","advice":"more"}"#)
        #expect(Finding(.ok, "clock", "right").line == "ok    clock: right")
    }
}
