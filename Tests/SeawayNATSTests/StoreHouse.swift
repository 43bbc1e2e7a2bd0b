import NIOCore
import NIOPosix
import SeawayNATS
import SeawayStore
import SeawayWire
import TestSupport

/// The store of one broker, with a test in the broker's place.
final class StoreHouse: Sendable {
    struct Came: Sendable {
        let delivery: StoreDelivery
        let text: String
    }

    let came = Inbox<Came>()
    let states = Inbox<StoreState>()
    let remarks = Inbox<JetStreamStore.Remark>()
    private let loop: any EventLoop
    private let store: NIOLoopBound<JetStreamStore>
    private let user: NIOLoopBound<User>

    private final class User: MessageStoreUser {
        let came: Inbox<Came>
        let states: Inbox<StoreState>

        init(_ came: Inbox<Came>, _ states: Inbox<StoreState>) { (self.came, self.states) = (came, states) }

        func arrived(_ delivery: StoreDelivery, body: Span<UInt8>) {
            let text = body.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            self.came.put(Came(delivery: delivery, text: StoreHouse.text(text)))
        }

        func storeChanged(_ state: StoreState) { self.states.put(state) }
    }

    private init(
        _ loop: any EventLoop, _ configuration: JetStreamStoreConfiguration, _ result: Inbox<StoreFault?>
    ) async throws {
        let (came, states, remarks) = (self.came, self.states, self.remarks)
        self.loop = loop
        (self.store, self.user) = try await loop.submit {
            let store = JetStreamStore(configuration, on: loop) { remarks.put($0) }
            let user = User(came, states)
            store.user = user
            store.start { result.put($0) }
            return (NIOLoopBound(store, eventLoop: loop), NIOLoopBound(user, eventLoop: loop))
        }.get()
    }

    /// A store of these channels, as soon as it has started.
    static func of(
        _ servers: NATSServers, _ patterns: String = "jobs.*", capacity: Int = 100, replicas: Int = 1,
        change: (inout JetStreamStoreConfiguration) -> Void = { _ in }
    ) async throws -> StoreHouse {
        let (house, fault) = try await self.starting(
            servers, patterns, capacity: capacity, replicas: replicas, change: change)
        if let fault { throw fault }
        return house
    }

    static func starting(
        _ servers: NATSServers, _ patterns: String = "jobs.*", capacity: Int = 100, replicas: Int = 1,
        change: (inout JetStreamStoreConfiguration) -> Void = { _ in }
    ) async throws -> (StoreHouse, StoreFault?) {
        let durables = patterns.split(separator: " ").compactMap { Pattern(String($0)) }
        var configuration = JetStreamStoreConfiguration(
            servers.configuration, durables: durables.map { DurablePattern($0, capacity: capacity) })
        configuration.replicas = replicas
        configuration.startPatience = 40_000
        change(&configuration)
        let result = Inbox<StoreFault?>()
        let house = try await StoreHouse(MultiThreadedEventLoopGroup.singleton.any(), configuration, result)
        return (house, await result.next())
    }

    private func ask<Answer: Sendable>(
        _ work: @escaping @Sendable (JetStreamStore, @escaping (Answer) -> Void) -> Void
    ) async -> Answer {
        await withCheckedContinuation { continuation in
            self.loop.execute { work(self.store.value) { continuation.resume(returning: $0) } }
        }
    }

    /// What is said in a body that a test has made, which is a map as all bodies are.
    static func text(_ body: String) -> String {
        body.hasPrefix("{\"t\":\"") ? String(body.dropFirst(6).dropLast(2)) : body
    }

    static func body(_ text: String) -> [UInt8] { Array((text.hasPrefix("{") ? text : "{\"t\":\"\(text)\"}").utf8) }

    func send(_ text: String, to channel: String, _ terms: StoreTerms = StoreTerms()) async -> StoreSendOutcome {
        let name = Name(checked: Array(channel.utf8))
        let body = Self.body(text)
        return await self.ask { $0.send(body.span, .json, to: name, terms, then: $1) }
    }

    /// Sends until the engine is there again.
    func sendUntilStored(_ text: String, to channel: String) async -> Bool {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            switch await self.send(text, to: channel, StoreTerms(once: text)) {
            case .stored, .repeated: return true
            case .failed, .full: try? await Task.sleep(for: .milliseconds(50))
            }
        }
        return false
    }

    func demand(_ count: Int, of channel: String) {
        let name = Name(checked: Array(channel.utf8))
        self.loop.execute { self.store.value.setDemand(count, of: name) }
    }

    func acknowledge(_ place: StorePlace, of channel: String) async -> StoreFault? {
        let name = Name(checked: Array(channel.utf8))
        return await self.ask { $0.acknowledge(place, of: name, then: $1) }
    }

    /// Acknowledges until the engine has heard it.
    func finish(_ came: Came) async -> StoreFault? {
        var fault: StoreFault?
        for _ in 0..<20 {
            fault = await self.acknowledge(came.delivery.place, of: came.delivery.channel.description)
            if fault == nil { break }
        }
        return fault
    }

    func giveBack(_ came: Came, after delay: Int) {
        self.loop.execute {
            self.store.value.giveBack(came.delivery.place, of: came.delivery.channel, after: delay)
        }
    }

    func giveUp(_ came: Came, _ death: StoreDeath) async -> StoreFault? {
        await self.ask { $0.giveUp(came.delivery.place, of: came.delivery.channel, death, then: $1) }
    }

    func look(at channel: String, from first: Int = 0, most: Int = 10) async throws -> [StoreSight] {
        let name = Name(checked: Array(channel.utf8))
        let sights: Result<[StoreSight], StoreFault> = await self.ask {
            $0.look(at: name, from: first, most: most, then: $1)
        }
        return try sights.get()
    }

    func counts() async throws -> [String: StoreCount] {
        let counts: Result<[StoreCount], StoreFault> = await self.ask { $0.counts(then: $1) }
        return Dictionary(uniqueKeysWithValues: try counts.get().map { ($0.channel.description, $0) })
    }

    func remove(_ pattern: String?) async throws -> Int {
        let pattern = pattern.flatMap { Pattern($0) }
        let removed: Result<Int, StoreFault> = await self.ask { $0.remove(pattern, then: $1) }
        return try removed.get()
    }

    func counters() async throws -> StoreCounters { try await self.loop.submit { self.store.value.counters }.get() }

    func keeps(_ channel: String) async throws -> Bool {
        let name = Array(channel.utf8)
        return try await self.loop.submit { self.store.value.keeps(name.span) }.get()
    }

    func stop() async {
        let _: Bool = await self.ask { store, then in store.stop(within: 2_000) { then(true) } }
    }

    /// The end of a broker without any warning: its connection breaks, and nothing is given back.
    func die() async throws { try await self.loop.submit { self.store.value.client.leave() }.get() }
}
