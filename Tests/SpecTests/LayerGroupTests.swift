import BrokerSupport
import SeawayBroker
import SeawayHub
import SeawayMessage
import SeawayWire
import Testing

/// Every layer does the same: groups, mailboxes, pauses and closed channels.
@Suite(.timeLimit(.minutes(5))) struct LayerGroupTests {
    // MARK: Groups

    @Test(arguments: LayerKind.allCases)
    func aGroupSendReachesEveryMemberThatHasRoom(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { configuration in
            configuration.hub.capacities = [Pattern("small")].compactMap { pattern in
                pattern.map { ($0, .init(messages: 1)) }
            }
        } _: { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            #expect(await layer.answer(to: [:], group: "room") == .sent(0, full: 0, gone: 0))
            try await layer.join("room", ["web.k3f9!1", "web.k3f9!2", "chat", "small"])
            try await layer.join("room", ["chat"])
            _ = log.listen(layer, "web.k3f9!", credit: 1)
            try await layer.settle()
            _ = log.take()
            #expect(await layer.answer(to: ["n": 1], group: "room") == .sent(4, full: 0, gone: 0))
            #expect(await layer.answer(to: ["n": 2], group: "room", except: "chat") == .sent(2, full: 1, gone: 0))
            #expect(log.take() == [.delivery(["web.k3f9!1", "web.k3f9!2"], ["n": 1], group: "room")])
            let chat = log.listen(layer, "chat", credit: 9)
            try await layer.settle()
            #expect(log.take() == [.started(kept: true), .delivery(["chat"], ["n": 1], group: "room")])
            log.stop(chat)
            try await layer.leave("room", ["chat", "web.k3f9!1", "nobody"])
            #expect(await layer.answer(to: ["n": 3], group: "room") == .sent(1, full: 1, gone: 0))
        }
    }

    @Test(arguments: LayerKind.allCases)
    func aMembershipThatCannotBeIsRefused(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { configuration in
            configuration.hub.maxMembers = 2
            configuration.hub.maxGroups = 2
        } _: { house in
            let layer = try await house.settledLayer()
            #expect(await layer.answer(toJoining: "room", []).code == "args")
            let many = (0..<50).map { String(repeating: "n", count: 98) + "\($0)" }
            #expect(await layer.answer(toJoining: "room", many).code == "args")
            for channel in ["", "a b", "web!", "a!b!c"] {
                #expect(await layer.answer(toJoining: "room", ["fine", channel]).code == "name", "\(channel)")
            }
            for group in ["", "a b", "a!b", "a?b", "a!"] {
                #expect(await layer.answer(toJoining: group, ["fine"]).code == "name", "\(group)")
            }
            #expect(await layer.answer(toJoining: "room", ["a", "b", "c"]).code == "limit")
            #expect(await layer.answer(to: [:], group: "room") == .sent(0, full: 0, gone: 0))
            #expect(await layer.answer(toJoining: "room", ["a", "b", "a"]) == .done)
            #expect(await layer.answer(toJoining: "hall", ["a"]) == .done)
            #expect(await layer.answer(toJoining: "attic", ["a"]).code == "limit")
        }
    }

    // MARK: Mailboxes

    @Test(arguments: LayerKind.allCases)
    func aMailboxGetsEachMessageWithItsFullName(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            let mailbox = log.listen(layer, "web.k3f9!", credit: 9)
            _ = log.listen(layer, "web.k3f9!7", credit: 9)
            try await layer.settle()
            // An exact name is no mailbox: nothing is kept for it that could be lost.
            #expect(log.take() == [.started(kept: false), .started(kept: true)])
            #expect(await layer.answer(to: ["n": 1], "web.k3f9!1", ifHeard: true) == .done)
            #expect(await layer.answer(to: ["n": 7], "web.k3f9!7", ifHeard: true) == .done)
            #expect(log.take() == [.delivery(["web.k3f9!1"], ["n": 1]), .delivery(["web.k3f9!7"], ["n": 7])])
            log.stop(mailbox)
            try await layer.settle()
            #expect(log.take() == [.stopped])
            #expect(await layer.answer(to: [:], "web.k3f9!1", ifHeard: true).code == "away")
        }
    }

    @Test(arguments: LayerKind.allCases)
    func whoseMailboxIsTakenOverIsToldAndReadsNothingMore(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let (one, two) = (try await house.settledLayer(), try await house.settledLayer())
            let (first, second) = (CallLog(), CallLog())
            let listening = first.listen(one, "web.k3f9!", "chat", credit: 9)
            try await one.join("room", ["web.k3f9!1"])
            #expect(first.take() == [.started(kept: false)])
            _ = second.listen(two, "web.k3f9!", credit: 9)
            try await two.settle()
            #expect(second.take() == [.started(kept: true)])
            try await one.settle()
            #expect(first.take() == [.lost("web.k3f9!")])
            // Its other name is over with it.
            #expect(await two.answer(to: [:], "chat", ifHeard: true).code == "away")
            #expect(await one.answer(to: ["n": 1], group: "room") == .sent(1, full: 0, gone: 0))
            try await two.settle()
            #expect(second.take() == [.delivery(["web.k3f9!1"], ["n": 1], group: "room")])
            listening.ready(9)
            first.stop(listening)
            try await one.settle()
            #expect(first.take() == [.stopped])
            try await two.settle()
            #expect(second.take() == [])
            // Both names are free for another listening of the same layer.
            _ = first.listen(one, "chat")
            try await one.settle()
            #expect(first.take() == [.started(kept: true)])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func aMailboxThatIsStoppedLosesWhatItHas(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            let listening = log.listen(layer, "web.k3f9!")
            try await layer.join("room", ["web.k3f9!1"])
            try await layer.send([:], to: "web.k3f9!1")
            log.stop(listening)
            #expect(await layer.answer(to: [:], group: "room") == .sent(0, full: 0, gone: 0))
            _ = log.take()
            _ = log.listen(layer, "web.k3f9!", credit: 9)
            try await layer.settle()
            #expect(log.take() == [.started(kept: false)])
            #expect(try await house.statistics()["dropped"] == ["unlistened": 1])
        }
    }

    // MARK: Pauses

    @Test(arguments: LayerKind.allCases)
    func aPausedChannelIsHeldBackAloneUntilItIsResumed(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { configuration in
            configuration.hub.defaultCapacity.messages = 2
        } _: { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            _ = log.listen(layer, "web.k3f9!", credit: 9)
            layer.pause("web.k3f9!1")
            layer.pause("web.k3f9!1")
            for number in 1...2 { #expect(await layer.answer(to: ["n": .int(number)], "web.k3f9!1") == .done) }
            #expect(await layer.answer(to: ["n": 3], "web.k3f9!1").code == "full")
            #expect(await layer.answer(to: ["n": 4], "web.k3f9!2") == .done)
            #expect(log.take() == [.started(kept: false), .delivery(["web.k3f9!2"], ["n": 4])])
            layer.resume("web.k3f9!1")
            layer.resume("web.k3f9!1")
            try await layer.settle()
            #expect(log.take() == [1, 2].map { .delivery(["web.k3f9!1"], ["n": .int($0)]) })
        }
    }

    @Test(arguments: LayerKind.allCases)
    func onlyTheReaderOfAReplyChannelMayHoldItBackOrCloseIt(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let (layer, other) = (try await house.settledLayer(), try await house.settledLayer())
            let log = CallLog()
            let listening = log.listen(layer, "web.k3f9!", "chat", "page?1", credit: 9)
            try await layer.settle()
            _ = log.take()
            for channel in ["web.k3f9!1", "page?1"] {
                other.pause(channel)
                other.close([channel])
            }
            // A normal channel is nobody's alone, and a mailbox no channel.
            for name in ["chat", "web.k3f9!", "a b", ""] {
                layer.pause(name)
                layer.close([name])
            }
            try await other.settle()
            for channel in ["chat", "web.k3f9!1", "page?1"] { #expect(await layer.answer(to: [:], channel) == .done) }
            #expect(log.take() == ["chat", "web.k3f9!1", "page?1"].map { .delivery([$0], [:]) })
            // Nor one that was its reader.
            log.stop(listening)
            try await layer.settle()
            _ = log.take()
            _ = log.listen(other, "web.k3f9!", credit: 9)
            try await other.settle()
            layer.pause("web.k3f9!1")
            layer.close(["web.k3f9!1"])
            try await layer.settle()
            #expect(await layer.answer(to: [:], "web.k3f9!1") == .done)
            try await other.settle()
            #expect(log.take() == [.started(kept: false), .delivery(["web.k3f9!1"], [:])])
        }
    }

    // MARK: The end of a channel

    @Test(arguments: LayerKind.allCases)
    func closingIsSaidToBeDoneWhenItIs(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let (layer, other) = (try await house.settledLayer(), try await house.settledLayer())
            let log = CallLog()
            _ = log.listen(layer, "web.k3f9!")
            try await layer.join("room", ["web.k3f9!1", "web.k3f9!2"])
            // The second is nobody's to close, and keeps nobody waiting.
            for channels in [["web.k3f9!1", "web.k3f9!2"], ["other!1"], []] {
                await withCheckedContinuation { continuation in layer.close(channels) { continuation.resume() } }
            }
            #expect(await other.answer(to: [:], group: "room") == .sent(0, full: 0, gone: 0))
            #expect(await other.answer(to: [:], "web.k3f9!2").code == "gone")
        }
    }

    @Test(arguments: LayerKind.allCases)
    func aClosedChannelIsGoneForItsExpiryTime(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            _ = log.listen(layer, "web.k3f9!", "page?1")
            try await layer.join("room", ["web.k3f9!1", "web.k3f9!2"])
            try await layer.send([:], to: "web.k3f9!1")
            layer.close(["web.k3f9!1", "page?1"])
            #expect(await layer.answer(to: [:], "web.k3f9!1").code == "gone")
            #expect(await layer.answer(to: [:], "page?1").code == "gone")
            #expect(await layer.answer(toJoining: "hall", ["web.k3f9!2", "web.k3f9!1"]).code == "gone")
            #expect(await layer.answer(to: [:], group: "room") == .sent(1, full: 0, gone: 0))
            #expect(await layer.answer(to: [:], group: "hall") == .sent(0, full: 0, gone: 0))
            try await house.advance(by: .milliseconds(59_999))
            #expect(await layer.answer(to: [:], "web.k3f9!1").code == "gone")
            try await house.advance(by: .milliseconds(1))
            #expect(await layer.answer(to: [:], "web.k3f9!1") == .done)
            #expect(try await house.statistics()["dropped"]?["closed"] == 1)
        }
    }
}
