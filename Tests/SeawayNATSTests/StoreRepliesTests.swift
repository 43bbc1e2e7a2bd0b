import SeawayNATS
import Testing

/// Reply subjects of messages that are stored are used again, and no answer is taken for that of another message.
@Suite struct StoreRepliesTests {
    private func house() throws -> SessionHouse {
        var house = try SessionHouse()
        house.connect()
        _ = house.takeSaid()
        return house
    }

    private func subject(of message: String) -> Substring { message.split(separator: " ")[2] }

    private func stored(_ sequence: Int, in stream: String = "s", at reply: Substring) -> String {
        let json = "{\"stream\":\"\(stream)\",\"seq\":\(sequence)}"
        return "MSG \(reply) 1 \(json.utf8.count)\r\n\(json)\r\n"
    }

    private func contexts(_ events: [NATSEvent<String>]) -> [String] {
        events.compactMap { if case .outcome(let context, .answered) = $0 { context } else { nil } }
    }

    @Test func aReplySubjectIsUsedAgainWhenItsAnswerHasCome() throws {
        var house = try self.house()
        try house.store("first")
        let first = self.subject(of: house.takeSaid())
        #expect(first.hasPrefix("_INBOX.T.s"))
        try house.store("second")
        let second = self.subject(of: house.takeSaid())
        #expect(second != first)
        house.hear(self.stored(1, at: first))
        try house.store("third")
        #expect(self.subject(of: house.takeSaid()) == first)
        house.hear(self.stored(3, at: first) + self.stored(2, at: second))
        #expect(self.contexts(house.takeEvents()) == ["first", "third", "second"])
    }

    @Test func anAnswerThatAnotherLeaderSaysAgainIsNotTakenForTheNext() throws {
        var house = try self.house()
        try house.store("first")
        let reply = self.subject(of: house.takeSaid())
        house.hear(self.stored(7, at: reply) + self.stored(7, at: reply))
        try house.store("second")
        #expect(self.subject(of: house.takeSaid()) == reply)
        house.hear(self.stored(7, at: reply) + self.stored(6, at: reply))
        #expect(self.contexts(house.takeEvents()) == ["first"])
        house.hear(self.stored(8, at: reply))
        #expect(self.contexts(house.takeEvents()) == ["second"])
    }

    @Test func sequencesAreThoseOfOneStream() throws {
        var house = try self.house()
        try house.store("first", in: "s")
        let reply = self.subject(of: house.takeSaid())
        house.hear(self.stored(1_000, at: reply))
        try house.store("other", in: "t")
        let other = self.subject(of: house.takeSaid())
        #expect(other != reply)
        house.hear(self.stored(1, in: "t", at: other))
        #expect(self.contexts(house.takeEvents()) == ["first", "other"])
    }

    @Test func whatWasRefusedOrCameTooLateLeavesItsSubject() throws {
        var house = try self.house()
        try house.store("refused")
        let refused = self.subject(of: house.takeSaid())
        let json = "{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"maximum messages exceeded\"}}"
        house.hear("MSG \(refused) 1 \(json.utf8.count)\r\n\(json)\r\n")
        #expect(self.contexts(house.takeEvents()) == ["refused"])
        try house.store("silent", patience: 500)
        let silent = self.subject(of: house.takeSaid())
        #expect(silent != refused)
        house.wait(500)
        #expect(house.takeEvents() == [.outcome("silent", .unknown(.silence))])
        _ = house.takeSaid()
        try house.store("next")
        let next = self.subject(of: house.takeSaid())
        #expect(next != refused && next != silent)
        // Both stand there after all, or another leader says so.
        house.hear(self.stored(1, at: refused) + self.stored(2, at: silent))
        #expect(house.takeEvents().isEmpty)
        house.hear(self.stored(3, at: next))
        #expect(self.contexts(house.takeEvents()) == ["next"])
    }

    @Test func whatWasUnderWayWhenTheConnectionEndedIsAnsweredOnNoOther() throws {
        var house = try self.house()
        try house.store("lost")
        let lost = self.subject(of: house.takeSaid())
        house.session.lost("gone", at: house.now)
        house.wait(100)
        house.connect()
        _ = (house.takeSaid(), house.takeEvents())
        try house.store("next")
        let next = self.subject(of: house.takeSaid())
        #expect(next != lost)
        house.hear(self.stored(1, at: lost))
        #expect(house.takeEvents().isEmpty)
        house.hear(self.stored(2, at: next))
        #expect(self.contexts(house.takeEvents()) == ["next"])
    }
}
