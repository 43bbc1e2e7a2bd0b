import BrokerSupport
import SeawayBroker
import SeawayClient
import SeawayMessage
import Synchronization
import Testing

/// A client of three real brokers (SHARDING.md).
@Suite("Several brokers", .timeLimit(.minutes(5))) struct ShardedLayerTests {
    @Test func aNormalChannelIsSpreadAndHeardAtEveryBroker() async throws {
        try await ShardHouse.run { house in
            let sender = try await house.layer()
            for number in 0..<9 { try await sender.send(["n": .int(Int64(number))], to: "work") }
            for broker in 0..<3 {
                let queue = try await house.ask(broker, "PEEK work")
                #expect(queue.contains(#""messages":3"#), "\(queue)")
            }
            let reader = ShardReader(try await house.layer(), "work")
            try await house.wait { reader.numbers.count == 9 }
            #expect(reader.numbers.sorted() == Array(0..<9))
        }
    }

    @Test func replyChannelsAndGroupsAreAtTheBrokerThatIsFirstForThem() async throws {
        try await ShardHouse.run { house in
            let layer = try await house.layer()
            for mailbox in ["x!", "y!", "z!"] {
                for number in 1...3 { try await layer.send(["n": 1], to: "\(mailbox)\(number)") }
                let broker = house.first(for: mailbox)
                for number in 1...3 {
                    #expect(try await house.ask(broker, "PEEK \(mailbox)\(number)").contains(#""messages":1"#))
                }
            }
            try await layer.join("room", ["a"])
            let counts = try await layer.send(["n": 2], toGroup: "room")
            #expect(counts == GroupCounts(sent: 1, full: 0, gone: 0))
            #expect(try await house.ask(house.first(for: "room"), "PEEK a").contains(#""messages":1"#))
        }
    }

    /// B14
    @Test func aMembershipIsKeptAtEveryBrokerAndAClosedChannelIsRefused() async throws {
        try await ShardHouse.run { house in
            let reader = try await house.layer()
            _ = ShardReader(reader, "x!")
            try await house.waitForReader(of: "x!1")
            let other = try await house.layer()
            try await other.join("room", ["x!1", "x!2"])
            for broker in 0..<3 {
                #expect(try await house.ask(broker, "MEMBERS room").contains(#""members":["x!1","x!2"]"#))
            }
            reader.close(["x!2"])
            try await house.wait {
                var members: Set<String> = []
                for broker in 0..<3 { members.insert(try await house.ask(broker, "MEMBERS room")) }
                return members == [#"{"group":"room","total":1,"members":["x!1"]}"#]
            }
            let gone = await #expect(throws: ClientError.self) { try await other.join("room", ["x!2"]) }
            #expect(gone?.code == .gone)
            try await other.leave("room", ["x!1"])
            for broker in 0..<3 {
                #expect(try await house.ask(broker, "MEMBERS room").contains(#""total":0"#))
            }
        }
    }

    /// B7
    @Test func theMessagesOfOneStreamAreAtOneBrokerInTheirOrder() async throws {
        try await ShardHouse.run { house in
            let sender = try await house.layer()
            for number in 0..<6 { try await sender.send(["n": .int(Int64(number))], to: "work", stream: "mail!1") }
            let broker = house.first(for: "mail!1")
            #expect(try await house.ask(broker, "PEEK work").contains(#""messages":6"#))
            let reader = ShardReader(try await house.layer(), "work")
            try await house.wait { reader.numbers.count == 6 }
            #expect(reader.numbers == Array(0..<6))
        }
    }

    @Test func closingIsDoneWhenEveryBrokerKnowsIt() async throws {
        try await ShardHouse.run { house in
            let reader = try await house.layer()
            _ = ShardReader(reader, "x!")
            try await house.waitForReader(of: "x!1")
            try await house.layer().join("room", ["x!1", "x!2", "x!3"])
            await reader.closing(["x!1", "x!2"])
            for broker in 0..<3 {
                let members = try await house.ask(broker, "MEMBERS room")
                #expect(members == #"{"group":"room","total":1,"members":["x!3"]}"#)
            }
            await reader.closing([])
            await reader.closing(["of.somebody.else!1"])
        }
    }

    @Test func closingIsDoneThoughABrokerDiesBeforeItHasAnswered() async throws {
        try await ShardHouse.run { house in
            let reader = try await house.layer(failover: .milliseconds(300))
            _ = ShardReader(reader, "x!")
            try await house.waitForReader(of: "x!1")
            try await house.broker(1).whileHeld {
                await reader.closing(["x!1"])
                #expect(reader.liveBrokers == 2)
            }
        }
    }

    @Test func aBrokerThatLeavesGetsNothingMoreAndGivesWhatItHolds() async throws {
        try await ShardHouse.run { house in
            let layer = try await house.layer()
            for number in 0..<6 { try await layer.send(["n": .int(Int64(number))], to: "work") }
            let leaving = house.first(for: "x!")
            async let left: Void = house.broker(leaving).broker.shutDown(within: 30_000)
            // Each of them, some before the client has read the BYE: what is refused with closing is sent elsewhere
            // (B10).
            for number in 10..<40 { try await layer.send(["n": .int(Int64(number))], to: "x!\(number)") }
            let mailbox = ShardReader(layer, "x!")
            let reader = ShardReader(layer, "work")
            try await house.wait { reader.numbers.count == 6 && mailbox.numbers.count == 30 }
            #expect(reader.numbers.sorted() == Array(0..<6))
            #expect(mailbox.numbers.sorted() == Array(10..<40))
            try await left
        }
    }

    /// B13
    @Test func oneCreditIsOneMessageHoweverManyBrokers() async throws {
        try await ShardHouse.run { house in
            let reader = ShardReader(try await house.layer(), "work", credit: 1)
            let sender = try await house.layer()
            for number in 0..<9 { try await sender.send(["n": .int(Int64(number))], to: "work") }
            for count in 1...9 {
                try await house.wait { reader.numbers.count == count }
                for broker in 0..<3 { try await house.broker(broker).settle() }
                #expect(reader.numbers.count == count)
                reader.ready(1)
            }
            reader.stop()
            try await house.wait { reader.hasStopped }
            #expect(reader.numbers.sorted() == Array(0..<9))
        }
    }

    /// B2
    @Test func oneBrokerAtTwoAddressesIsOneBroker() async throws {
        try await ShardHouse.run(1) { house in
            guard case .tcp(_, let port) = await house.broker(0).address else { return }
            let alias = try #require(BrokerAddress("localhost:\(port)"))
            let layer = try await house.layer([alias])
            let reader = ShardReader(layer, "x!")
            for number in 0..<50 {
                try await layer.send(["n": .int(Int64(number))], to: "x!1")
                await RawSocket.roundTrip(to: house.broker(0).address)
            }
            try await house.wait { reader.numbers.count == 50 }
            #expect(reader.numbers == Array(0..<50))
            #expect(layer.liveBrokers == 1)
            // Of the other address nothing is told, also when failover has passed.
            #expect([[.started(kept: true)], [.started(kept: false)]].contains(reader.told))
        }
    }

    /// B20
    @Test func aWatchGoesOnAtTheNextBroker() async throws {
        try await ShardHouse.run { house in
            let layer = try await house.layer()
            let told = ShardTold(layer, "lobby")
            try await layer.join("room", ["a"])
            try await layer.watch("room", on: "lobby")
            try await house.wait { told.wholes == [["a"]] }
            try await house.kill(house.first(for: "room"))
            try await house.wait { told.wholes == [["a"], ["a"]] }
            try await layer.unwatch("room", on: "lobby")
            for broker in 0..<3 where broker != house.first(for: "room") {
                #expect(try await house.ask(broker, "STATS").contains(#""watches":0"#))
            }
        }
    }

    @Test func anotherReaderTakesAMailboxOverAtEveryBroker() async throws {
        try await ShardHouse.run { house in
            let first = ShardReader(try await house.layer(), "x!")
            try await house.waitForReader(of: "x!1")
            let second = try await house.layer()
            let reader = ShardReader(second, "x!")
            try await house.wait { first.told.last == .lost(name: "x!") }
            for number in 0..<5 { try await second.send(["n": .int(Int64(number))], to: "x!1") }
            try await house.wait { reader.numbers == Array(0..<5) }
            #expect(first.told.count == 2)
        }
    }

    @Test func listsOfBrokersThatCannotBeUsedAreRefused() throws {
        func fault(_ brokers: [String], failover: Duration = .seconds(2)) -> ShardedLayerConfiguration.Fault? {
            var configuration = ShardedLayerConfiguration(brokers: brokers.compactMap { BrokerAddress($0) })
            configuration.failover = failover
            do throws(ShardedLayerConfiguration.Fault) {
                try configuration.check()
                return nil
            } catch {
                return error
            }
        }
        #expect(fault([]) == ShardedLayerConfiguration.Fault.none)
        #expect(fault(["a:1"]) == nil)
        #expect(fault(["a:1", "a:2"]) == nil)
        #expect(fault(["a:1", "b:1", "a:1"]) == BrokerAddress("a:1").map { .twice($0) })
        #expect(fault((1...65).map { "a:\($0)" }) == .tooMany(limit: 64))
        #expect(fault(["a:1"], failover: .milliseconds(299)) == .failover(.milliseconds(299)))
    }

    @Test(arguments: [
        (failover: 2_000, given: 20_000, heartbeat: 1_233), (300, 20_000, 100), (60_000, 20_000, 20_000), (2_000, 0, 0),
    ])
    func aBrokerGivesAClientUpBeforeItGetsSendsAgain(failover: Int, given: Int, heartbeat: Int) {
        var configuration = ShardedLayerConfiguration(brokers: [])
        configuration.failover = .milliseconds(failover)
        configuration.connection.heartbeat = .milliseconds(given)
        #expect(Int(configuration.connection(to: .local).heartbeat / .milliseconds(1)) == heartbeat)
    }
}

/// The members that a channel is told of as the whole.
private final class ShardTold: Sendable {
    private let told = Mutex<[[String]]>([])

    init(_ layer: any ChannelLayer, _ channel: String) {
        let listening = layer.listen(
            to: [channel],
            receive: { [weak self] delivery in
                guard let message = try? Message(delivery.body),
                    case .whole(let members, _) = GroupNews(message)?.content
                else { return }
                self?.told.withLock { $0.append(members) }
            }, event: { _ in })
        listening.ready(100)
    }

    var wholes: [[String]] { self.told.withLock { $0 } }
}
