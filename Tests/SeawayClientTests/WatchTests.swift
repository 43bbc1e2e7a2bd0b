import BrokerSupport
import SeawayBroker
import SeawayHub
import SeawayMessage
import SeawayWire
import TestSupport
import Testing

/// Presence through a layer (T1 to T6).
@Suite(.timeLimit(.minutes(1))) struct WatchTests {
    @Test func aClientRemembersWhatItWatches() {
        var watches = ClientWatches()
        watches.began("room", "lobby")
        watches.began("room", "lobby")
        watches.began("room", "hall")
        watches.end("room", "hall")
        watches.end("attic", "lobby")
        #expect(watches.lines == [ClientLine("WATCH", ["room", "lobby"])])
    }

    @Test func newsOfAGroupAreReadFromTheirMessage() {
        let whole = GroupNews(["group": "room", "count": 3, "members": ["a", "b"], "next": "b"])
        #expect(whole?.content == .whole(members: ["a", "b"], next: "b"))
        let change = GroupNews(["group": "room", "count": 2, "joined": [], "left": ["a"]])
        #expect(change?.content == .change(joined: [], left: ["a"]))
        #expect(change?.group == "room" && change?.count == 2)
        let others: [Message] = [
            [:], ["group": "room", "count": 1], ["group": "room", "count": "1", "members": []],
            ["group": "room", "count": 1, "joined": ["a"]], ["group": "room", "count": 1, "members": ["a", 2]],
        ]
        for message in others { #expect(GroupNews(message) == nil) }
    }

    @Test(arguments: [LayerKind.inProcess, .tcp])
    func aChannelIsToldWhoComesAndGoesAlsoWhenAServerIsKilled(kind: LayerKind) async throws {
        try await LayerHouse.run(kind, hasManualTime: false) { configuration in
            configuration.hub.mailboxGrace = 1
        } _: { house in
            let layer = house.layer()
            let told = try await Told(layer, "lobby")
            try await layer.group("room").watch(on: "lobby")
            #expect(await told.next() == .whole(members: [], next: nil))
            let server = try await house.broker.connect()
            try await server.send("LISTEN web.k3f9!\nJOIN room web.k3f9!1 web.k3f9!2\n")
            #expect(await told.next() == .change(joined: ["web.k3f9!1", "web.k3f9!2"], left: []))
            await server.close()
            #expect(await told.next() == .change(joined: [], left: ["web.k3f9!1", "web.k3f9!2"]))
            try await layer.group("room").unwatch(on: "lobby")
            try await layer.join("room", ["a"])
            try await layer.channel("lobby").send(["group": "room", "count": 0, "members": ["the end"]])
            #expect(await told.next() == .whole(members: ["the end"], next: nil))
        }
    }

    @Test(arguments: [LayerKind.inProcess, .tcp])
    func aRefusedWatchSaysWhy(kind: LayerKind) async throws {
        try await LayerHouse.run(kind, hasManualTime: false) { configuration in
            configuration.hub.maxWatches = 1
        } _: { house in
            let layer = house.layer()
            try await layer.watch("room", on: "lobby")
            let full = await #expect(throws: ClientError.self) { try await layer.watch("room", on: "hall") }
            #expect(full?.refusal?.code == "limit")
            let illegal = await #expect(throws: ClientError.self) { try await layer.watch("room!", on: "lobby") }
            #expect(illegal?.refusal?.code == "name")
            try await layer.unwatch("room", on: "lobby")
            try await layer.watch("room", on: "hall")
        }
    }

    @Test func theWholeIsToldAgainOnTheNextConnection() async throws {
        try await LayerHouse.run(.tcp, hasManualTime: false) { house in
            let layer = house.layer()
            let told = try await Told(layer, "lobby")
            try await layer.watch("room", on: "lobby")
            try await layer.watch("room", on: "hall")
            try await layer.unwatch("room", on: "hall")
            #expect(await told.next() == .whole(members: [], next: nil))
            try await layer.join("room", ["a"])
            #expect(await told.next() == .change(joined: ["a"], left: []))
            try await house.restart()
            #expect(await told.next() == .whole(members: [], next: nil))
            try await layer.join("room", ["b"])
            #expect(await told.next() == .change(joined: ["b"], left: []))
        }
    }
}

/// What is told on a channel, in order.
private final class Told: Sendable {
    private let news = Inbox<GroupNews.Content>()
    private let listening: any Listening

    /// Listens, and waits until that is in force.
    init(_ layer: any ChannelLayer, _ channel: String) async throws {
        let started = Inbox<Void>()
        let news = self.news
        self.listening = layer.listen(
            to: [channel],
            receive: { delivery in
                if let message = try? Message(delivery.body), let told = GroupNews(message) { news.put(told.content) }
            },
            event: { event in
                if case .started = event { started.put(()) }
            })
        self.listening.ready(1_000)
        await started.next()
    }

    func next() async -> GroupNews.Content { await self.news.next() }
}
