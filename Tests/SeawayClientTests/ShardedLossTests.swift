import BrokerSupport
import SeawayBroker
import SeawayClient
import SeawayMessage
import Synchronization
import Testing

/// What a client of several brokers does when one is lost, hangs, or comes back (SHARDING.md).
@Suite("Brokers that are lost", .timeLimit(.minutes(5))) struct ShardedLossTests {
    @Test func whenABrokerIsKilledGroupsAndReplyChannelsGoOnOverTheOthers() async throws {
        try await ShardHouse.run { house in
            let readers = try await house.layer()
            let reader = ShardReader(readers, "x!")
            try await house.waitForReader(of: "x!1")
            let sender = try await house.layer()
            try await sender.join("room", ["x!1", "x!2"])
            try await house.kill(house.first(for: "room"))
            try await house.wait { sender.liveBrokers == 2 }
            let counts = try await sender.send(["n": 1], toGroup: "room")
            #expect(counts == GroupCounts(sent: 2, full: 0, gone: 0))
            try await house.kill(house.first(for: "x!", among: (0..<3).filter { $0 != house.first(for: "room") }))
            try await house.wait { sender.liveBrokers == 1 }
            try await sender.send(["n": 2], to: "x!1")
            try await house.wait { reader.numbers.count == 3 }
            #expect(reader.numbers.sorted() == [1, 1, 2])
            #expect(!reader.told.contains(.interrupted))
        }
    }

    @Test func withoutAnyBrokerASendIsUnreachableInBoundedTime() async throws {
        try await ShardHouse.run(2) { house in
            let layer = try await house.layer()
            let reader = ShardReader(layer, "work")
            try await house.wait { reader.told == [.started(kept: true)] }
            try await house.kill(0)
            try await house.kill(1)
            let error = await #expect(throws: ClientError.self) {
                while true { try await layer.send(["n": 1], to: "x!1") }
            }
            #expect(error?.code == .unreachable || error?.code == .unknown)
            let clock = ContinuousClock.now
            let refused = await #expect(throws: ClientError.self) { try await layer.send(["n": 1], to: "work") }
            #expect(refused?.code == .unreachable || refused?.code == .unknown)
            #expect(clock.duration(to: .now) < .seconds(10))
            try await house.restart(1)
            try await house.wait { layer.liveBrokers == 1 }
            try await layer.send(["n": 7], to: "work")
            try await house.wait { reader.numbers == [7] }
            #expect(reader.told.contains(.interrupted))
        }
    }

    /// B21: with one broker as with several.
    @Test(arguments: [1, 2]) func whatWentByAConnectionThatIsLostIsForsakenInTime(count: Int) async throws {
        try await ShardHouse.run(count) { house in
            let layer = try await house.anyLayer(failover: .seconds(2))
            let reader = ShardReader(layer, "x!")
            try await house.wait { !reader.told.isEmpty }
            let carriers = Mutex<[Carrier]>([])
            for _ in 0..<count {
                layer.sendCarried(Payload(["n": 1]), to: "work", ifHeard: false, stream: nil) { answer, carrier in
                    #expect(answer == .done)
                    carriers.withLock { $0.append(carrier) }
                }
            }
            try await ShardHouse.wait { carriers.withLock { $0.count == count } }
            let taken = carriers.withLock { $0 }
            #expect(Set(taken.map(\.broker)) == Set(0..<count))
            let lost = try #require(taken.first { $0.broker == 0 })
            try await house.kill(0)
            try await ShardHouse.wait { reader.told.contains(.forsaken(lost)) }
            // What went by the others is not, and what goes by the next connection is told from both.
            #expect(reader.told.count { if case .forsaken = $0 { true } else { false } } == 1)
            guard count == 1 else { return }
            try await house.restart(0)
            try await house.wait { layer.isConnected }
            let next = Mutex<Carrier?>(nil)
            layer.sendCarried(Payload(["n": 2]), to: "work", ifHeard: false, stream: nil) { _, carrier in
                next.withLock { $0 = carrier }
            }
            try await ShardHouse.wait { next.withLock { $0 } == Carrier(broker: 0, connection: lost.connection + 1) }
        }
    }

    /// B11, B21: it is silent, though its connections stand.
    @Test func aSingleBrokerThatHangsIsGivenUpWithinTheFailoverTime() async throws {
        try await ShardHouse.run(1) { house in
            let layer = try await house.anyLayer(failover: .milliseconds(600))
            let reader = ShardReader(layer, "x!")
            try await house.wait { !reader.told.isEmpty }
            try await house.broker(0).whileHeld {
                let start = ContinuousClock.now
                let error = await #expect(throws: ClientError.self) { try await layer.send(["n": 1], to: "work") }
                #expect(error?.code == .unknown)
                try await ShardHouse.wait { reader.told.contains { if case .forsaken = $0 { true } else { false } } }
                // Of a heartbeat of 20 s it would be a minute.
                #expect(start.duration(to: .now) < .seconds(20))
                #expect(reader.told.contains(.interrupted))
            }
            try await house.wait { layer.isConnected }
        }
    }

    /// B11: it is silent, though its connections stand.
    @Test func aBrokerThatHangsIsGivenUpWithinTheFailoverTime() async throws {
        try await ShardHouse.run { house in
            let failover = Duration.milliseconds(900)
            let reader = ShardReader(try await house.layer(failover: failover), "x!")
            try await house.waitForReader(of: "x!1")
            let sender = try await house.layer(failover: failover)
            let hung = house.first(for: "x!")
            try await house.broker(hung).whileHeld {
                let start = ContinuousClock.now
                // A machine that is busy enough gives it up before, or the others too for a moment: then nothing is
                // sent.
                do throws(ClientError) {
                    try await ShardHouse.send(1, over: sender)
                } catch {
                    #expect(error.code == .unknown)
                }
                // Without the failover it would be a minute.
                #expect(start.duration(to: .now) < .seconds(45))
                try await ShardHouse.send(2, over: sender)
                try await ShardHouse.send(3, over: sender)
                // Not all at once: what is declared dead here may be so a little later there.
                try await ShardHouse.wait { reader.numbers.filter { $0 != 1 } == [2, 3] }
            }
            // What had reached it may come now, once.
            try await house.wait { sender.liveBrokers == 3 }
            try await ShardHouse.send(4, over: sender)
            try await house.wait { reader.numbers.contains(4) }
            #expect(reader.numbers.filter { $0 != 1 } == [2, 3, 4])
            #expect(reader.numbers.count { $0 == 1 } <= 1)
        }
    }

    @Test func aBrokerThatComesBackEmptyHasItsMembersBack() async throws {
        try await ShardHouse.run(warm: 200) { house in
            let reader = try await house.layer()
            _ = ShardReader(reader, "x!")
            try await house.waitForReader(of: "x!1")
            let other = try await house.layer()
            try await other.join("room", ["x!1", "log"])
            let emptied = house.first(for: "room")
            try await house.kill(emptied)
            try await house.wait { reader.liveBrokers == 2 }
            try await other.join("room", ["x!2"])
            try await other.leave("room", ["x!1"])
            try await house.restart(emptied)
            try await house.wait { try await house.ask(emptied, "MEMBERS room").contains(#""members":["log","x!2"]"#) }
        }
    }
}
