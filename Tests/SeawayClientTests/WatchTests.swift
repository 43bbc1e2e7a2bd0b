import Logging
import NIOCore
import NIOPosix
import SeawayBroker
import SeawayClient
import SeawayHub
import SeawayMessage
import SeawayWire
import TestSupport
import Testing

/// Presence through a layer (T1 to T6).
@Suite struct WatchTests {
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

    @Test(arguments: RunningBroker.Kind.allCases)
    func aChannelIsToldWhoComesAndGoesAlsoWhenAServerIsKilled(kind: RunningBroker.Kind) async throws {
        let broker = try await RunningBroker(grace: 1)
        let layer = try await broker.layer(kind)
        let told = try await Told(layer, "lobby")
        try await layer.group("room").watch(on: "lobby")
        #expect(await told.next() == .whole(members: [], next: nil))
        let server = try await broker.connect("LISTEN web.k3f9!\nJOIN room web.k3f9!1 web.k3f9!2\n")
        #expect(await told.next() == .change(joined: ["web.k3f9!1", "web.k3f9!2"], left: []))
        try await server.close()
        #expect(await told.next() == .change(joined: [], left: ["web.k3f9!1", "web.k3f9!2"]))
        try await layer.group("room").unwatch(on: "lobby")
        try await layer.join("room", ["a"])
        try await layer.channel("lobby").send(["group": "room", "count": 0, "members": ["the end"]])
        #expect(await told.next() == .whole(members: ["the end"], next: nil))
        await broker.end(layer)
    }

    @Test(arguments: RunningBroker.Kind.allCases)
    func aRefusedWatchSaysWhy(kind: RunningBroker.Kind) async throws {
        let broker = try await RunningBroker(maxWatches: 1)
        let layer = try await broker.layer(kind)
        try await layer.watch("room", on: "lobby")
        let full = await #expect(throws: ClientError.self) { try await layer.watch("room", on: "hall") }
        #expect(full?.refusal?.code == "limit")
        let illegal = await #expect(throws: ClientError.self) { try await layer.watch("room!", on: "lobby") }
        #expect(illegal?.refusal?.code == "name")
        try await layer.unwatch("room", on: "lobby")
        try await layer.watch("room", on: "hall")
        await broker.end(layer)
    }

    @Test func theWholeIsToldAgainOnTheNextConnection() async throws {
        let broker = try await RunningBroker()
        let layer = try await broker.layer(.wire)
        let told = try await Told(layer, "lobby")
        try await layer.watch("room", on: "lobby")
        try await layer.watch("room", on: "hall")
        try await layer.unwatch("room", on: "hall")
        #expect(await told.next() == .whole(members: [], next: nil))
        try await layer.join("room", ["a"])
        #expect(await told.next() == .change(joined: ["a"], left: []))
        try await broker.restart()
        #expect(await told.next() == .whole(members: [], next: nil))
        try await layer.join("room", ["b"])
        #expect(await told.next() == .change(joined: ["b"], left: []))
        await broker.end(layer)
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
