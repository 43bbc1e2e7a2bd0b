import BrokerSupport
import SeawayClient
import SeawayMessage
import TestSupport
import Testing

/// Looking without touching, through a layer (Q1 to Q4, Y1 to Y5).
@Suite struct LookingTests {
    /// A broker, and one layer on it.
    private static func run(_ body: (LayerHouse, WireLayer) async throws -> Void) async throws {
        try await LayerHouse.run(.tcp, hasManualTime: false) { house in
            try await body(house, try #require(house.layer() as? WireLayer))
        }
    }

    @Test func aChannelAGroupAndTheBrokerCanBeLookedAt() async throws {
        try await Self.run { _, layer in
            try await layer.send(["n": 1], to: "jobs")
            try await layer.join("room", ["a", "b"])
            let channel = try await layer.look(at: .channel("jobs"))
            #expect(channel["head"]?.list?.first?["message"] == ["n": 1])
            #expect(try await layer.look(at: .members(of: "room"))["members"] == ["a", "b"])
            #expect(try await layer.look(at: .totals)["messages"] == 1)
            #expect(try await layer.look(at: .connections)["connections"]?.list?.count == 1)
        }
    }

    @Test func longAnswersAreAskedForInPages() async throws {
        try await Self.run { _, layer in
            let names = (10..<35).map { "m.\($0)" }
            try await layer.join("room", names)
            let page = try await layer.look(at: .members(of: "room"), limit: 10)
            #expect(page["next"] == "m.19")
            let all = try await layer.lookThrough(.members(of: "room"), limit: 1_000)
            #expect(all["members"]?.list?.compactMap(\.string) == names)
            #expect(all["next"] == nil)
            let some = try await layer.lookThrough(.members(of: "room"), limit: 12)
            #expect(some["members"]?.list?.count == 12)
            #expect(some["next"] == "m.21")
        }
    }

    @Test func whatMayNotBeLookedAtIsRefused() async throws {
        try await Self.run { _, layer in
            let error = await #expect(throws: ClientError.self) { _ = try await layer.look(at: .channel("box!")) }
            #expect(error?.refusal?.code == "name")
            await layer.shutdown()
            let late = await #expect(throws: ClientError.self) { _ = try await layer.look(at: .totals) }
            #expect(late?.code == .unreachable)
        }
    }

    @Test func whoLooksOnSeesWhatPassesAlsoAfterALostConnection() async throws {
        try await Self.run { house, layer in
            let sender = house.layer()
            let seen = Inbox<String>()
            layer.tail(["chat.*"]) { event in
                switch event {
                case .copy(let copy):
                    seen.put("\(copy.channels) \(copy.group ?? "") \((try? Message(copy.body))?.json ?? "")")
                case .started, .interrupted, .missed, .refused: seen.put("\(event)")
                }
            }
            #expect(await seen.next() == "started")
            try await sender.send(["n": 1], to: "chat.a")
            #expect(await seen.next() == #"["chat.a"]  {"n":1}"#)
            try await sender.join("room", ["chat.a", "chat.b", "other"])
            try await sender.send(["n": 2], toGroup: "room")
            #expect(await seen.next() == #"["chat.a", "chat.b"] room {"n":2}"#)
            try await house.restart()
            #expect(await seen.next() == "interrupted")
            #expect(await seen.next() == "started")
            try await Self.send(["n": 3], to: "chat.a", of: sender)
            #expect(await seen.next() == #"["chat.a"]  {"n":3}"#)
        }
    }

    /// Sends once more when the connection was not yet known to be lost.
    private static func send(_ message: Message, to channel: String, of layer: any ChannelLayer) async throws {
        do throws(ClientError) {
            try await layer.send(message, to: channel)
        } catch {
            guard error.code == .unknown else { throw error }
            try await layer.send(message, to: channel)
        }
    }

    @Test(arguments: [["a b"], [""], [], Array(repeating: String(repeating: "a", count: 255), count: 20)])
    func whatCannotBeAPatternIsRefusedAtOnce(patterns: [String]) async throws {
        try await Self.run { _, layer in
            let seen = Inbox<Bool>()
            layer.tail(patterns) { if case .refused = $0 { seen.put(true) } else { seen.put(false) } }
            #expect(await seen.next())
        }
    }
}
