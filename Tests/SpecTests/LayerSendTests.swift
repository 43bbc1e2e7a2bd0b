import BrokerSupport
import SeawayBroker
import SeawayHub
import SeawayMessage
import SeawayWire
import Testing

/// Every layer does the same, whatever lies between it and the broker: sends, credit and listening.
@Suite(.timeLimit(.minutes(5))) struct LayerSendTests {
    @Test(arguments: LayerKind.allCases)
    func whatIsSentWaitsForAReaderWithCredit(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            for number in 1...3 { #expect(await layer.answer(to: ["n": .int(number)], "chat") == .done) }
            let listening = log.listen(layer, "chat")
            try await layer.settle()
            #expect(log.take() == [.started(kept: true)])
            listening.ready(2)
            try await layer.settle()
            #expect(log.take() == [.delivery(["chat"], ["n": 1]), .delivery(["chat"], ["n": 2])])
            listening.ready(5)
            try await layer.settle()
            #expect(log.take() == [.delivery(["chat"], ["n": 3])])
            #expect(await layer.answer(to: ["n": 4], "chat") == .done)
            try await layer.settle()
            #expect(log.take() == [.delivery(["chat"], ["n": 4])])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func everyRefusalSaysWhy(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { configuration in
            configuration.limits = WireLimits(maxBody: 1_000)
            let capacities = [("small*", 1), ("web.k3f9!", 2), ("heavy", 100)]
            configuration.hub.capacities = capacities.compactMap { text, messages in
                Pattern(text).map { ($0, .init(messages: messages, bytes: 100)) }
            }
        } _: { house in
            let layer = try await house.settledLayer()
            for name in ["", "a b", "a!", "!a", "a!b!c", "a?", "ä", String(repeating: "x", count: 256), "a\nQUIT"] {
                #expect(await layer.answer(to: [:], name).code == "name", "\(name)")
            }
            let longest = String(repeating: "x", count: 255)
            #expect(await layer.answer(to: [:], longest) == .done)
            #expect(await layer.answer(to: [:], "nobody", ifHeard: true).code == "away")
            #expect(await layer.answer(to: [:], "small") == .done)
            #expect(await layer.answer(to: [:], "small").code == "full")
            #expect(await layer.answer(to: ["x": .string(String(repeating: "x", count: 99))], "heavy") == .done)
            #expect(await layer.answer(to: [:], "heavy").code == "full")
            for number in 1...2 { #expect(await layer.answer(to: [:], "web.k3f9!\(number)") == .done) }
            #expect(await layer.answer(to: [:], "web.k3f9!3").code == "full")
            #expect(await layer.answer(to: ["x": .string(String(repeating: "x", count: 994))], "big") == .done)
            #expect(await layer.answer(to: ["x": .string(String(repeating: "x", count: 995))], "big").code == "size")
            #expect(await layer.answer(to: ["x": .double(.infinity)], "odd").code == "payload")
            #expect(await layer.answer(to: [:], group: "a!b").code == "name")
            #expect(await layer.answer(to: [:], group: "").code == "name")
            #expect(await layer.answer(to: [:], group: "room", except: "a b").code == "name")
            #expect(await layer.answer(to: [:], group: "room", except: "a!").code == "name")
            #expect(await layer.answer(to: ["x": .double(.nan)], group: "room").code == "payload")
        }
    }

    @Test(arguments: LayerKind.allCases)
    func whatTheBrokerRefusesIsCounted(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { configuration in
            configuration.hub.defaultCapacity.messages = 1
        } _: { house in
            let layer = try await house.settledLayer()
            for _ in 0..<3 { _ = await layer.answer(to: [:], "chat") }
            _ = await layer.answer(to: [:], "nobody", ifHeard: true)
            _ = await layer.answer(to: ["x": .double(.nan)], "odd")
            let refused = try await house.statistics()["refused"]?.map
            #expect(refused == ["payload": 1, "away": 1, "full": 2])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func aSendToWhoListensAlsoToOneselfIsDeliveredBeforeItsAnswer(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            _ = log.listen(layer, "chat", credit: 9)
            try await layer.settle()
            layer.send(Payload(["n": 1]), to: "chat", ifHeard: true) { log.add(.answer($0)) }
            try await layer.settle()
            #expect(log.take() == [.started(kept: true), .delivery(["chat"], ["n": 1]), .answer(.done)])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func whatIsCalledBackMayCallTheLayerAgain(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            let echo = layer.listen(to: ["echo"]) { delivery in
                layer.send(delivery.body, to: "back", ifHeard: false) { log.add(.answer($0)) }
            } event: { _ in
                // It starts, which the other listening tells too.
            }
            echo.ready(9)
            _ = log.listen(layer, "back", credit: 9)
            try await layer.settle()
            _ = log.take()
            for number in 1...2 { try await layer.send(["n": .int(number)], to: "echo") }
            for _ in 0..<3 { try await layer.settle() }
            #expect(
                log.take() == [
                    .delivery(["back"], ["n": 1]), .answer(.done), .delivery(["back"], ["n": 2]), .answer(.done),
                ])
        }
    }

    /// Also numbers that no wire can say.
    @Test(arguments: LayerKind.allCases)
    func oddCreditDoesNoHarm(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            let listening = log.listen(layer, "chat", credit: 1)
            for count in [0, -1, .min] { listening.ready(count) }
            try await layer.settle()
            for number in 1...2 { try await layer.send(["n": .int(number)], to: "chat") }
            #expect(log.take() == [.started(kept: true), .delivery(["chat"], ["n": 1])])
            for _ in 0..<3 { listening.ready(.max) }
            try await layer.settle()
            #expect(log.take() == [.delivery(["chat"], ["n": 2])])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func aMessageExpiresInItsTime(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            try await layer.send(["n": 1], to: "chat")
            try await house.advance(by: .milliseconds(1))
            try await layer.send(["n": 2], to: "chat")
            try await house.advance(by: .milliseconds(59_999))
            _ = log.listen(layer, "chat", credit: 9)
            try await layer.settle()
            #expect(log.take() == [.started(kept: true), .delivery(["chat"], ["n": 2])])
            #expect(try await house.statistics()["dropped"] == ["expired": 1])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func listenersOfAChannelTakeTurns(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layers = [try await house.settledLayer(), try await house.settledLayer()]
            let logs = [CallLog(), CallLog()]
            for (log, layer) in zip(logs, layers) {
                _ = log.listen(layer, "jobs", credit: 9)
                try await layer.settle()
                #expect(log.take() == [.started(kept: true)])
            }
            for number in 1...4 { try await layers[0].send(["n": .int(number)], to: "jobs") }
            for layer in layers { try await layer.settle() }
            #expect(logs[0].take() == [1, 3].map { .delivery(["jobs"], ["n": .int($0)]) })
            #expect(logs[1].take() == [2, 4].map { .delivery(["jobs"], ["n": .int($0)]) })
        }
    }

    @Test(arguments: LayerKind.allCases)
    func severalNamesShareTheCreditOfTheirListening(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            for channel in ["a", "b"] {
                for number in 1...2 { try await layer.send(["n": .int(number)], to: channel) }
            }
            let listening = log.listen(layer, "a", "b", credit: 3)
            try await layer.settle()
            #expect(
                log.take() == [
                    .started(kept: true), .delivery(["a"], ["n": 1]), .delivery(["b"], ["n": 1]),
                    .delivery(["a"], ["n": 2]),
                ])
            _ = log.listen(layer, "c", credit: 9)
            try await layer.settle()
            #expect(log.take() == [.started(kept: true)])
            listening.ready(1)
            try await layer.settle()
            #expect(log.take() == [.delivery(["b"], ["n": 2])])
        }
    }

    /// A single name begins in the account that several names share, which is empty until it is out of it.
    @Test(arguments: LayerKind.allCases)
    func whoIsStoppedAtOnceCostsNobodyCredit(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            _ = log.listen(layer, "a", "b", credit: 1)
            try await layer.settle()
            #expect(log.take() == [.started(kept: true)])
            try await house.settledLayer().send(["n": 1], to: "c")
            log.stop(log.listen(layer, "c", credit: 9))
            try await layer.settle()
            _ = log.take()
            try await layer.send(["n": 2], to: "b")
            try await layer.settle()
            #expect(log.take() == [.delivery(["b"], ["n": 2])])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func watchesCountAsNames(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { configuration in
            configuration.hub.maxNames = 3
        } _: { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            _ = log.listen(layer, "a")
            for channel in ["news", "news", "hall"] {
                #expect(await layer.answer(toWatching: "room", on: channel) == .done)
            }
            #expect(await layer.answer(toWatching: "room", on: "attic").code == "limit")
            _ = log.listen(layer, "b")
            try await layer.settle()
            #expect(log.take() == [.started(kept: true), .refused("limit")])
            #expect(await layer.answer(toUnwatching: "room", on: "hall") == .done)
            _ = log.listen(layer, "b")
            try await layer.settle()
            #expect(log.take() == [.started(kept: true)])
        }
    }

    // MARK: The end of listening

    @Test(arguments: LayerKind.allCases)
    func whoStopsIsToldBehindTheLastDelivery(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            let listening = log.listen(layer, "chat", credit: 9)
            try await layer.settle()
            _ = log.take()
            layer.send(Payload(["n": 1]), to: "chat", ifHeard: false) { _ in }
            log.stop(listening)
            layer.send(Payload(["n": 2]), to: "chat", ifHeard: false) { log.add(.answer($0)) }
            listening.ready(9)
            try await layer.settle()
            #expect(log.take() == [.delivery(["chat"], ["n": 1]), .stopped, .answer(.done)])
            // What is left is for the next.
            _ = log.listen(layer, "chat", credit: 9)
            try await layer.settle()
            #expect(log.take() == [.started(kept: true), .delivery(["chat"], ["n": 2])])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func stoppingTwiceIsAnsweredTwice(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            let listening = log.listen(layer, "chat")
            log.stop(listening)
            log.stop(listening)
            try await layer.settle()
            log.stop(listening)
            try await layer.settle()
            #expect(log.take().filter { $0 == .stopped }.count == 3)
            #expect(await layer.answer(to: [:], "chat", ifHeard: true).code == "away")
        }
    }

    @Test(arguments: LayerKind.allCases)
    func whatCannotBeListenedOnIsRefused(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { configuration in
            configuration.hub.maxNames = 4
        } _: { house in
            let layer = try await house.settledLayer()
            let log = CallLog()
            let odd = [log.listen(layer), log.listen(layer, "a b"), log.listen(layer, "fine", "?")]
            try await layer.settle()
            #expect(log.take() == [.refused("args"), .refused("name"), .refused("name")])
            _ = log.listen(layer, "a", "b")
            try await layer.settle()
            #expect(log.take() == [.started(kept: true)])
            // A name has one listening in a layer, and one listening may have several: a wire has no more accounts.
            _ = log.listen(layer, "a")
            _ = log.listen(layer, "c", "d")
            try await layer.settle()
            #expect(log.take() == [.refused("limit"), .refused("limit")])
            _ = log.listen(layer, "e")
            _ = log.listen(layer, "f")
            _ = log.listen(layer, "g")
            try await layer.settle()
            #expect(log.take() == [.started(kept: true), .started(kept: true), .refused("limit")])
            // A refused listening is over: its handle does nothing, and its names are free.
            for listening in odd {
                listening.ready(1)
                log.stop(listening)
            }
            try await layer.settle()
            #expect(log.take() == [.stopped, .stopped, .stopped])
            #expect(await layer.answer(to: [:], "fine", ifHeard: true).code == "away")
        }
    }
}

extension Value {
    static func int(_ number: Int) -> Value { .int(Int64(number)) }
}
