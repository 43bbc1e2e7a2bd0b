import BrokerSupport
import SeawayBroker
import SeawayHub
import SeawayMessage
import Testing

/// Bounds of single messages, through every layer (S8, S9, G3).
@Suite(.timeLimit(.minutes(5))) struct MessageBoundsTests {
    @Test("S8", arguments: LayerKind.allCases)
    func aCapacityHoldsForItsMessageAlone(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let channel = layer.channel("chat.log")
            let small = MessageBounds(capacity: 1)
            try await channel.send(["n": 1], bounds: small)
            let refused = await #expect(throws: ClientError.self) { try await channel.send(["n": 2], bounds: small) }
            #expect(refused?.code == .full)
            try await channel.send(["n": 2])
            // The first that holds for the channel counts.
            let several = MessageBounds(capacities: [
                .init("other.*", messages: 9), .init("chat.*", messages: 3), .init(messages: 1),
            ])
            try await channel.send(["n": 3], bounds: several)
            let last = await #expect(throws: ClientError.self) { try await channel.send(["n": 4], bounds: several) }
            #expect(last?.code == .full)
            try await channel.send(["n": 4], bounds: MessageBounds(capacities: [.init("other.*", messages: 1)]))
        }
    }

    @Test("S9", arguments: LayerKind.allCases)
    func anExpiryHoldsForItsMessageAlone(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { configuration in
            configuration.hub.defaultExpiry = 2_000
        } _: { house in
            let layer = try await house.settledLayer()
            try await layer.send(["n": 1], to: "chat", bounds: MessageBounds(expiry: .milliseconds(500)))
            try await layer.send(["n": 2], to: "chat", bounds: MessageBounds(expiry: .seconds(3_600)))
            try await layer.send(["n": 3], to: "chat")
            try await house.advance(by: .milliseconds(900))
            let log = CallLog()
            let listening = log.listen(layer, "chat", credit: 1)
            try await layer.settle()
            #expect(log.take() == [.started(kept: true), .delivery(["chat"], ["n": 2])])
            try await layer.send(["n": 4], to: "chat", bounds: MessageBounds(expiry: .seconds(3_600)))
            try await house.advance(by: .milliseconds(3_000))
            listening.ready(9)
            try await layer.settle()
            #expect(log.take() == [.delivery(["chat"], ["n": 4])])
        }
    }

    @Test("G3", arguments: LayerKind.allCases)
    func ofAGroupEachMemberHasItsOwnCapacity(kind: LayerKind) async throws {
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            let room = layer.group("room")
            try await room.add("a.1", "a.2", "b.1")
            try await layer.send(["n": 0], to: "a.1")
            let bounds = MessageBounds(capacities: [.init("a.*", messages: 1)], expiry: .milliseconds(500))
            #expect(
                try await room.send(["n": 1], except: "b.1", bounds: bounds) == GroupCounts(sent: 1, full: 1, gone: 0))
            #expect(try await room.send(["n": 2], bounds: bounds) == GroupCounts(sent: 1, full: 2, gone: 0))
            try await house.advance(by: .milliseconds(900))
            let log = CallLog()
            _ = log.listen(layer, "b.1", credit: 9)
            try await layer.settle()
            #expect(log.take() == [.started(kept: true)])
        }
    }

    @Test(arguments: LayerKind.allCases)
    func boundsThatMakeNoSenseAreRefusedInTheSameWords(kind: LayerKind) async throws {
        let many = (0..<300).map { MessageBounds.Capacity("channel.\($0)", messages: 1) }
        let bad: [MessageBounds] = [
            MessageBounds(capacity: 0), MessageBounds(capacity: -1), MessageBounds(capacity: 1_000_001),
            MessageBounds(capacities: [.init("", messages: 1)]), MessageBounds(capacities: [.init("a b", messages: 1)]),
            MessageBounds(capacities: [.init("a:1,b", messages: 1)]),
            MessageBounds(capacities: [.init("a\nQUIT", messages: 1)]),
            MessageBounds(capacities: many), MessageBounds(expiry: .zero), MessageBounds(expiry: .microseconds(999)),
            MessageBounds(expiry: .seconds(-5)), MessageBounds(expiry: .seconds(86_401)),
            MessageBounds(expiry: .seconds(Int64.max)),
        ]
        try await LayerHouse.run(kind) { house in
            let layer = try await house.settledLayer()
            for bounds in bad {
                let refused = await #expect(throws: ClientError.self, "\(bounds)") {
                    try await layer.send([:], to: "chat", bounds: bounds)
                }
                #expect(refused?.refusal?.code == "option", "\(bounds)")
                let ofGroup = await #expect(throws: ClientError.self, "\(bounds)") {
                    try await layer.send([:], toGroup: "room", bounds: bounds)
                }
                #expect(ofGroup?.refusal?.code == "option", "\(bounds)")
            }
            // The stream of requests is as it was; the widest that are allowed are taken.
            let widest = MessageBounds(capacities: [.init("*", messages: 1_000_000)], expiry: .seconds(86_400))
            try await layer.send(["n": 1], to: "chat", bounds: widest)
            try await layer.send(["n": 1], to: "chat", bounds: MessageBounds())
        }
    }
}
