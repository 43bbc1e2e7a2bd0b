import SeawayWire
import Testing

/// What a client remembers of its listenings from one connection to the next.
@Suite struct ListeningsTests {
    final class Handle {}

    private let one = Handle()
    private let two = Handle()

    private func listening(to names: String..., isKept: Bool = true) -> ClientListenings<Handle> {
        var listenings = ClientListenings<Handle>()
        #expect(listenings.begin(self.one, names) == nil)
        _ = listenings.listen(self.one)
        _ = listenings.listened(self.one, isKept: isKept)
        return listenings
    }

    @Test func aMailboxIsListenedOnWithItsMembers() {
        var listenings = ClientListenings<Handle>()
        #expect(listenings.begin(self.one, ["web.k3f9!", "log"]) == nil)
        #expect(listenings.listen(self.one) == [ClientLine("LISTEN", ["web.k3f9!", "log"], option: "members=1")])
        #expect(listenings.begin(self.two, ["chat"]) == nil)
        #expect(listenings.listen(self.two) == [ClientLine("LISTEN", ["chat"])])
    }

    @Test func aNameHasOneListeningInAClient() {
        var listenings = self.listening(to: "chat")
        #expect(listenings.begin(self.two, ["log", "chat"]) == .taken("chat"))
        listenings.end(self.one)
        #expect(listenings.begin(self.two, ["log", "chat"]) == nil)
    }

    @Test func onlyOneListeningMayShareTheCommonAccount() {
        var listenings = self.listening(to: "a", "b")
        #expect(listenings.begin(self.two, ["c", "d"]) == .secondShared)
        #expect(listenings.begin(self.two, ["c"]) == nil)
    }

    @Test func creditIsToldOnceAndInOneFrame() {
        var listenings = self.listening(to: "chat")
        listenings.grant(3, to: self.one)
        listenings.grant(4, to: self.one)
        #expect(listenings.takeCredit() == [.init(count: 7, account: "chat")])
        #expect(listenings.takeCredit().isEmpty)
    }

    /// What waits in a mailbox ends with its reader (L6); what waits elsewhere is for others.
    @Test func whatWaitsInMailboxesIsTakenAtTheEnd() {
        let several = self.listening(to: "a", "b!", "c!")
        #expect(several.lastCredit(of: self.one).map(\.account) == ["b!", "c!"])
        #expect(several.lastCredit(of: self.one).allSatisfy { $0.count > 0 })
        #expect(self.listening(to: "a", "b").lastCredit(of: self.one).isEmpty)
        #expect(self.listening(to: "b!").lastCredit(of: self.one).isEmpty)
        #expect(several.lastCredit(of: self.two).isEmpty)
    }

    @Test func severalNamesShareTheCommonAccount() {
        var listenings = self.listening(to: "a", "b")
        listenings.grant(2, to: self.one)
        #expect(listenings.takeCredit() == [.init(count: 2, account: nil)])
    }

    /// A connection begins each name in the shared credit.
    @Test func theCommonAccountIsEmptyWhileASingleNameIsNotOutOfIt() {
        var listenings = self.listening(to: "a", "b")
        listenings.grant(5, to: self.one)
        #expect(listenings.takeCredit() == [.init(count: 5, account: nil)])
        #expect(listenings.begin(self.two, ["chat"]) == nil)
        let makesWay = listenings.makeWay(for: self.two)
        #expect(makesWay)
        #expect(listenings.account(of: self.two) == "chat")
        _ = listenings.listen(self.two)
        // On its way when the credit was withdrawn.
        _ = listenings.deliver(to: "a")
        listenings.grant(2, to: self.one)
        #expect(listenings.takeCredit().isEmpty)
        _ = listenings.listened(self.two, isKept: true)
        #expect(listenings.takeCredit() == [.init(count: 6, account: nil)])
    }

    @Test func aRefusedNameGivesTheCommonAccountBackToo() {
        var listenings = self.listening(to: "a", "b")
        listenings.grant(5, to: self.one)
        _ = listenings.takeCredit()
        _ = listenings.begin(self.two, ["chat"])
        _ = listenings.makeWay(for: self.two)
        _ = listenings.listen(self.two)
        listenings.end(self.two)
        #expect(listenings.takeCredit() == [.init(count: 5, account: nil)])
    }

    @Test func withoutACommonAccountNoWayIsMade() {
        var listenings = self.listening(to: "chat")
        _ = listenings.begin(self.two, ["a", "b"])
        let makesWay = [self.one, self.two].map { listenings.makeWay(for: $0) }
        #expect(makesWay == [false, false])
        #expect(listenings.account(of: self.two) == nil)
    }

    @Test func unusedCreditIsGrantedAgainOnTheNextConnection() {
        var listenings = self.listening(to: "web.k3f9!")
        listenings.grant(10, to: self.one)
        _ = listenings.takeCredit()
        #expect(listenings.deliver(to: "web.k3f9!1") === self.one)
        #expect(listenings.deliver(to: "web.k3f9!2") === self.one)
        #expect(listenings.disconnect().map(ObjectIdentifier.init) == [ObjectIdentifier(self.one)])
        listenings.grant(5, to: self.one)
        // Not before it listens again, since the broker would not know the account.
        #expect(listenings.takeCredit().isEmpty)
        _ = listenings.listen(self.one)
        _ = listenings.listened(self.one, isKept: true)
        #expect(listenings.takeCredit() == [.init(count: 13, account: "web.k3f9!")])
    }

    @Test func creditStopsAtWhatAAccountHolds() {
        var listenings = self.listening(to: "chat")
        for _ in 0..<3 { listenings.grant(.max, to: self.one) }
        listenings.grant(-1, to: self.one)
        #expect(listenings.takeCredit() == [.init(count: 1_000_000_000, account: "chat")])
    }

    @Test func anExactNameComesBeforeItsMailbox() {
        var listenings = self.listening(to: "web.k3f9!")
        #expect(listenings.begin(self.two, ["web.k3f9!7"]) == nil)
        #expect(listenings.deliver(to: "web.k3f9!7") === self.two)
        #expect(listenings.deliver(to: "web.k3f9!8") === self.one)
        #expect(listenings.deliver(to: "elsewhere") == nil)
    }

    @Test func membershipsAreJoinedAgainWhereTheBrokerHasLostThem() {
        var listenings = self.listening(to: "web.k3f9!")
        listenings.joined("room", ["web.k3f9!1", "web.k3f9!2"])
        listenings.left("room", ["web.k3f9!2"])
        _ = listenings.disconnect()
        _ = listenings.listen(self.one)
        #expect(
            listenings.listened(self.one, isKept: false)
                == .started(isKept: false, [ClientLine("JOIN", ["room", "web.k3f9!1"])]))
    }

    @Test func whatTheBrokerHasKeptIsTheTruth() {
        var listenings = self.listening(to: "web.k3f9!")
        listenings.joined("room", ["web.k3f9!1", "web.k3f9!2"])
        _ = listenings.disconnect()
        _ = listenings.listen(self.one)
        listenings.joined("room", ["web.k3f9!2"])
        #expect(listenings.listened(self.one, isKept: true) == .started(isKept: true, []))
        // The other one was ended by somebody: it is not joined again later either.
        _ = listenings.disconnect()
        _ = listenings.listen(self.one)
        #expect(
            listenings.listened(self.one, isKept: false)
                == .started(isKept: false, [ClientLine("JOIN", ["room", "web.k3f9!2"])]))
    }

    @Test func membershipsOutliveAConnectionThatBreaksBeforeItsAnswer() {
        var listenings = self.listening(to: "web.k3f9!")
        listenings.joined("room", ["web.k3f9!1"])
        for _ in 0..<2 {
            _ = listenings.disconnect()
            _ = listenings.listen(self.one)
        }
        #expect(
            listenings.listened(self.one, isKept: false)
                == .started(isKept: false, [ClientLine("JOIN", ["room", "web.k3f9!1"])]))
    }

    @Test func aClosedChannelIsNotJoinedAgain() {
        var listenings = self.listening(to: "web.k3f9!")
        listenings.joined("room", ["web.k3f9!1", "web.k3f9!2"])
        _ = listenings.disconnect()
        _ = listenings.listen(self.one)
        let answers = ["web.k3f9!1", "elsewhere!1"].map { listenings.close($0) }
        #expect(answers == [true, false])
        #expect(
            listenings.listened(self.one, isKept: false)
                == .started(isKept: false, [ClientLine("JOIN", ["room", "web.k3f9!2"])]))
    }

    @Test func pausesAreDoneAgain() {
        var listenings = self.listening(to: "web.k3f9!")
        let pauses = ["web.k3f9!1", "web.k3f9!1", "web.k3f9!2", "elsewhere!1"].map { listenings.pause($0) }
        #expect(pauses == [1, nil, 2, nil])
        let resumptions = ["web.k3f9!2", "web.k3f9!2"].map { listenings.resume($0) }
        #expect(resumptions == [true, false])
        _ = listenings.disconnect()
        _ = listenings.listen(self.one)
        #expect(
            listenings.listened(self.one, isKept: true)
                == .started(isKept: true, [ClientLine("PAUSE", ["web.k3f9!1"])]))
    }

    @Test func aPauseThatWasRefusedIsNotDoneAgain() {
        var listenings = self.listening(to: "web.k3f9!")
        let numbers = (listenings.pause("web.k3f9!1"), listenings.resume("web.k3f9!1"), listenings.pause("web.k3f9!1"))
        #expect(numbers == (1, true, 2))
        // The answer to the first tells nothing of the second.
        listenings.pauseRefused("web.k3f9!1", 1)
        let isNews = listenings.pause("web.k3f9!1") != nil
        #expect(!isNews)
        listenings.pauseRefused("web.k3f9!1", 2)
        _ = listenings.disconnect()
        _ = listenings.listen(self.one)
        #expect(listenings.listened(self.one, isKept: true) == .started(isKept: true, []))
    }

    @Test func manyNamesTakeSeveralLinesAndStartTogether() {
        let names = (0..<100).map { String(repeating: "n", count: 96) + "\($0)!" }
        var listenings = ClientListenings<Handle>()
        #expect(listenings.begin(self.one, names) == nil)
        let lines = listenings.listen(self.one)
        #expect(lines.count == 3)
        #expect(lines.flatMap(\.names) == names)
        #expect(lines.allSatisfy { $0.length <= 4_096 })
        #expect(listenings.listened(self.one, isKept: true) == .none)
        #expect(listenings.listened(self.one, isKept: false) == .none)
        #expect(listenings.listened(self.one, isKept: true) == .started(isKept: false, []))
    }

    @Test func stoppingWithdrawsTheCommonAccount() {
        var shared = self.listening(to: "a", "b")
        let stop = shared.stop(self.one)
        #expect(stop.lines == [ClientLine("UNLISTEN", ["a", "b"])])
        #expect(stop.withdrawsCredit)
        // What is on its way is still delivered.
        #expect(shared.deliver(to: "a") === self.one)
        shared.end(self.one)
        #expect(shared.deliver(to: "a") == nil)

        var single = self.listening(to: "chat")
        #expect(!single.stop(self.one).withdrawsCredit)
    }

    @Test func whatIsStoppedIsNotListenedOnAgain() {
        var listenings = self.listening(to: "chat")
        _ = listenings.stop(self.one)
        _ = listenings.disconnect()
        #expect(listenings.listen(self.one).isEmpty)
        listenings.grant(1, to: self.one)
        #expect(listenings.takeCredit().isEmpty)
    }

    /// The broker listens by then, so it must be told.
    @Test func stoppingBeforeTheAnswerIsToldToo() {
        var listenings = ClientListenings<Handle>()
        #expect(listenings.begin(self.one, ["chat"]) == nil)
        #expect(listenings.stop(self.one).lines.isEmpty)
        _ = listenings.begin(self.two, ["log"])
        _ = listenings.listen(self.two)
        #expect(listenings.stop(self.two).lines == [ClientLine("UNLISTEN", ["log"])])
        #expect(listenings.listened(self.two, isKept: true) == .none)
    }

    @Test func aMailboxThatIsTakenOverEndsItsListening() {
        var listenings = self.listening(to: "web.k3f9!", "log")
        let lost = listenings.lost("web.k3f9!")
        #expect(lost?.handle === self.one)
        #expect(lost?.lines == [ClientLine("UNLISTEN", ["log"])])
        #expect(lost?.withdrawsCredit == true)
        #expect(listenings.lost("web.k3f9!") == nil)
        #expect(listenings.deliver(to: "log") == nil)
    }
}
